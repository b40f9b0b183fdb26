package repo

import (
	"errors"
	"io/fs"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// files/ and copies/ can be made again from the history, so a run that has written many files there does not wait until
// they are on disk. The mark of unfinished work stays instead, and beside it stands in followedName how far the work tree
// has got and in which moment: since when this machine is up, and the file system mounted. In that moment what was written
// is there to be read, whether it is on disk or not. In another one, after a power failure say, the note counts for
// nothing, and all that was written since the mark was made is written again. A later run makes an end of it: see anchor.
const followedName = "followed"

// anchorAfter is when the system has written most of what was left to it (vm.dirty_expire_centisecs, 30 seconds, and the
// flusher's period), so that waiting for the rest takes no time to speak of.
const anchorAfter = 40 * time.Second

// projections are the folders of a destination that are made from the history.
var projections = []string{"files", "copies"}

// moment names this machine's time since it was started and the file system mounted; "" where that is not known.
func (r *projectionT) moment() string { return momentOf(r.o.Boot, r.root, projections) }

// momentOf is the moment of root and the folders in it, "" also where one of them is a mount or a device of its own, which
// may come and go by itself. One that is missing will be made where root is.
func momentOf(boot string, root *durable.Dir, folders []string) string {
	mount, err := root.Mount("")
	if boot == "" || mount == "" || err != nil {
		return ""
	}
	for _, name := range folders {
		if its, err := root.Mount(name); its != mount && !errors.Is(err, fs.ErrNotExist) {
			return ""
		}
	}
	return boot + " " + mount
}

// syncAll puts the destination on disk, on whichever file systems it lies.
func (r *destT) syncAll() error {
	if err := r.root.SyncFS(); err != nil {
		return err
	}
	here, err := r.root.Lstat("")
	if err != nil {
		return err
	}
	for _, name := range projections {
		st, err := r.root.Lstat(name)
		if err == nil && st.IsDir() && st.Dev != here.Dev {
			err = r.syncMount(name)
		}
		if err != nil && !gone(err) {
			return err
		}
	}
	return nil
}

func (r *destT) syncMount(name string) error {
	d, err := r.root.Sub(name)
	if err != nil {
		return err
	}
	return errors.Join(d.SyncFS(), d.Close())
}

// noteFollowed notes that the work tree is in step with tip in this moment.
func (r *notesT) noteFollowed(moment string, tip object.ID) error {
	return r.own.Put(followedName, []byte(moment+"\n"+tip.String()+"\n"))
}

// followed is what noteFollowed wrote in this moment.
func (r *projectionT) followed() (tip object.ID, ok bool) {
	b, err := r.own.ReadFile(followedName, maxConfig)
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
