package repo

import (
	"errors"
	"io/fs"
	"strings"
	"time"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
)

// anchorAfter is when the system has written most of what was left to it (vm.dirty_expire_centisecs, 30 seconds, and the
// flusher's period), so that waiting for the rest takes no time to speak of.
const anchorAfter = 40 * time.Second

// moment names this machine's time since it was started and the file system mounted; "" where that is not known.
func (r *projectionT) moment() string { return momentOf(r.o.Boot, r.root, projections) }

// followed is what noteFollowed wrote in this moment.
func (r *projectionT) followed() (tip object.ID, ok bool) {
	b, err := r.own.ReadFile(followedName, config.MaxSize)
	moment, rest, _ := strings.Cut(string(b), "\n")
	if err != nil || moment == "" || moment != r.moment() {
		return tip, false
	}
	tip, err = object.ParseID(strings.TrimSuffix(rest, "\n"))
	return tip, err == nil
}

// behind tells whether the work tree may be behind tip, and from which commit on; zero: it must be looked at whole.
func (r *projectionT) behind(tip object.ID) (base object.ID, behind bool, err error) {
	base, marked, err := r.pending()
	if err != nil || !marked {
		return base, false, err
	}
	if at, ok := r.followed(); ok {
		return at, at != tip, nil
	}
	return base, true, nil
}

// anchorDue is anchor where what a run has left to the system is old enough.
func (r *projectionT) anchorDue() error {
	st, err := r.own.Lstat(pendingName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if age := r.o.Clock().Sub(time.Unix(st.Mtime.Sec, st.Mtime.Nsec)); age >= 0 && age < anchorAfter {
		return nil
	}
	return r.anchor()
}

// anchor puts the work tree on disk, as far as runs have left that to the system, and takes their mark away. The work
// tree is in step with the tip.
func (r *projectionT) anchor() error {
	if _, ok := r.followed(); !ok {
		return nil
	}
	if err := r.syncAll(); err != nil {
		return err
	}
	return r.settled()
}

// settled takes the mark of unfinished work away.
func (r *projectionT) settled() error {
	return errors.Join(r.own.Remove(pendingName), r.own.Sync(), r.own.Remove(followedName))
}
