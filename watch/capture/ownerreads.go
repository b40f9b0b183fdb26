package capture

import (
	"errors"
	"fmt"
	"os"

	"timemachine/repo/durable"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// What the owner of the destination is refused, since root's run would show it to that user. What a
// source holds on a file system like /proc depends on who reads it.
var (
	errBarred = errors.New("may not read it")
	errPseudo = errors.New("may find something else there than root")
)

// DestReader is the owner of a destination, who must be able to read what is recorded there. The
// zero value is nobody.
type DestReader struct {
	uid  uint32
	user *disk.OtherUser // nil: nobody
}

// NewDestReader returns who must be able to read what is recorded in a destination of owner. That
// is nobody where this process's user owns it, or is not root and so reads no more than others.
func NewDestReader(owner uint32) (d DestReader, err error) {
	if owner == 0 || os.Geteuid() != 0 {
		return d, nil
	}
	d.uid = owner
	if d.user, err = disk.NewOtherUser(int(owner), disk.GroupsOf(owner)); err != nil {
		err = fmt.Errorf("cannot find out what uid %d, who owns the destination, may read: %w", owner, err)
	}
	return d, err
}

func (d *DestReader) Close() {
	if d.user != nil {
		d.user.Close()
	}
}

// LookAhead notes what the owner of the destination finds at the paths of some changes, which is
// faster than one by one. What has another stat by the time that it is opened is looked at again.
func (d *DestReader) LookAhead(changes []scan.Change, o *Opener) {
	if d.user == nil {
		return
	}
	looks, seen := make([]disk.Look, 0, len(changes)), map[string]*disk.Look{}
	for i := range changes {
		if f := changes[i].File; !changes[i].Deleted {
			looks = append(looks, disk.Look{Path: f.Path, Follow: f.Listed && !f.Stat.IsLink()})
			seen[f.Path] = &looks[len(looks)-1]
		}
	}
	d.user.LookAt(looks)
	o.seen = seen
}

// Problem says of a source why it is not recorded, where check has refused it.
func (d *DestReader) Problem(path string, err error) (p scan.Problem, refused bool) {
	if !errors.Is(err, errBarred) && !errors.Is(err, errPseudo) {
		return p, false
	}
	return scan.Problem{Path: path, Msg: fmt.Sprintf("is not recorded: uid %d, who owns the destination, %v", d.uid, err)}, true
}

// checkFolder tells whether the owner of the destination may read an opened folder. It returns
// errBarred where that user does not come to it, and errTorn where another one is there for that
// user by now.
func (d *DestReader) checkFolder(src *source, st *disk.Stat) (mayRead bool, err error) {
	if d.user == nil {
		return true, nil
	}
	look := src.seen
	if look == nil || look.Follow != src.listed || look.Stat.Inode() != st.Inode() {
		looks := []disk.Look{{Path: src.path, Follow: src.listed}}
		d.user.LookAt(looks)
		look = &looks[0]
	}
	switch {
	case look.Stat.Inode() == st.Inode():
		return look.Err == nil, nil
	case look.Stat.IsZero() && !durable.IsNoEntry(look.Err):
		return false, asSourceError(errBarred)
	}
	return false, asSourceError(ErrTorn)
}

// check returns errBarred or errPseudo where the owner of the destination may not read an opened
// source, and errTorn where another file is there for that user by now.
func (d *DestReader) check(src *source, follow bool, st *disk.Stat) error {
	if d.user == nil {
		return nil
	}
	if src.pseudo {
		return asSourceError(errPseudo)
	}
	var err error
	if l := src.seen; l != nil && l.Follow == follow && l.Stat == *st {
		err = l.Err
	} else {
		err = d.user.MayRead(src.path, follow, st)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, disk.ErrOtherFile), durable.IsNoEntry(err):
		return asSourceError(ErrTorn)
	}
	return asSourceError(errBarred)
}
