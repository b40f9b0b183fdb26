package repo

import (
	"errors"
	"io/fs"
	"time"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/runstate"
)

// anchorAfter is when the system has written most of what was left to it (vm.dirty_expire_centisecs, 30 seconds, and the
// flusher's period), so that waiting for the rest takes no time to speak of.
const anchorAfter = 40 * time.Second

// moment names this machine's time since it was started and the file system mounted; "" where that is not known.
func (r *projectionT) moment() string { return momentOf(r.o.Boot, r.root, projections) }

// followed is the commit that the work tree was up to date with when that was last noted in this moment.
func (r *projectionT) followed() (tip object.ID, ok bool) {
	return runstate.ReadUpToDate(r.own, r.moment())
}

// behind tells whether the work tree may be behind tip, and from which commit on; zero: it must be looked at whole.
func (r *projectionT) behind(tip object.ID) (base object.ID, behind bool, err error) {
	mark, err := runstate.ReadPending(r.own)
	if err != nil || !mark.Marked {
		return base, false, err
	}
	if mark.Damaged {
		r.o.Log("the mark of unfinished work is damaged; everything is looked at", "file", r.own.Path(runstate.PendingName))
	}
	if at, ok := r.followed(); ok {
		return at, at != tip, nil
	}
	return mark.Base, true, nil
}

// anchorDue is anchor where what a run has left to the system is old enough.
func (r *projectionT) anchorDue() error {
	st, err := r.own.Lstat(runstate.PendingName)
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
	return runstate.ClearPending(r.own)
}
