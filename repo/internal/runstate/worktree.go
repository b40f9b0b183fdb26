package repo

import (
	"errors"
	"io/fs"
	"strings"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
)

// pendingName is the mark of unfinished work.
const pendingName = "pending"

// markPending notes durably that files/ and the index may be behind from commit base on.
func (r *notesT) markPending(base object.ID) error {
	there, err := r.own.Exists(pendingName)
	if err != nil || there {
		return err
	}
	return r.own.Replace(pendingName, []byte(base.String()+"\n"))
}

// markAllPending notes durably that the work tree must be looked at whole.
func (r *notesT) markAllPending() error {
	return errors.Join(r.own.Replace(pendingName, []byte(object.ID{}.String()+"\n")), r.own.Remove(followedName))
}

// pending is the commit the work tree was last in step with; known is false where nothing is pending, and whole is true
// where the mark cannot be read, so that everything must be looked at.
func (r *notesT) pending() (base object.ID, known bool, err error) {
	b, err := r.own.ReadFile(pendingName, config.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return base, false, nil
	}
	if err != nil {
		return base, false, err
	}
	base, err = object.ParseID(strings.TrimSpace(string(b)))
	if err != nil {
		r.o.Log("the mark of unfinished work is damaged; everything is looked at", "file", r.own.Path(pendingName))
		base = object.ID{}
	}
	return base, true, nil
}

// files/ and copies/ can be made again from the history, so a run that has written many files there does not wait until
// they are on disk. The mark of unfinished work stays instead, and beside it stands in followedName how far the work tree
// has got and in which moment: since when this machine is up, and the file system mounted. In that moment what was written
// is there to be read, whether it is on disk or not. In another one, after a power failure say, the note counts for
// nothing, and all that was written since the mark was made is written again. A later run makes an end of it: see anchor.
const followedName = "followed"

// noteFollowed notes that the work tree is in step with tip in this moment.
func (r *notesT) noteFollowed(moment string, tip object.ID) error {
	return r.own.Put(followedName, []byte(moment+"\n"+tip.String()+"\n"))
}
