package watch

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"

	"timemachine/repo/durable"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// errBarred says that the owner of the destination may not read a source. It is not recorded, since
// root's run would show it to that user.
var errBarred = errors.New("the owner of the destination may not read it")

// errPseudo says that what a source holds depends on who reads it, as on /proc. What root reads
// there is not for the owner of the destination.
var errPseudo = errors.New("what it holds depends on who reads it")

// destReader is the owner of a destination, who must be able to read what is recorded there. The
// zero value is nobody.
type destReader struct {
	uid  uint32
	user *disk.OtherUser // nil: nobody
}

// newDestReader returns who must be able to read what is recorded in a destination of owner. That
// is nobody where this process's user owns it, or is not root and so reads no more than others.
func newDestReader(owner uint32) (d destReader, err error) {
	if owner != 0 && os.Geteuid() == 0 {
		d.uid = owner
		d.user, err = disk.NewOtherUser(int(owner), groupsOf(owner))
	}
	return d, err
}

func (d *destReader) close() {
	if d.user != nil {
		d.user.Close()
	}
}

// problem says of a source that check has refused why it is not recorded.
func (d *destReader) problem(path string, err error) scan.Problem {
	if errors.Is(err, errPseudo) {
		return scan.Problem{Path: path, Msg: fmt.Sprintf("is not recorded for uid %d, who owns the destination: what it holds depends on who reads it", d.uid)}
	}
	return scan.Problem{Path: path, Msg: fmt.Sprintf("is not recorded: uid %d, who owns the destination, may not read it", d.uid)}
}

// noGroup is the group of nobody, by convention.
const noGroup = 65534

// groupsOf returns the groups of a user, the primary one first. A user whom the system does not
// know has none.
func groupsOf(uid uint32) []int {
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return []int{noGroup}
	}
	ids, _ := u.GroupIds()
	var groups []int
	for _, id := range append([]string{u.Gid}, ids...) {
		if gid, err := strconv.Atoi(id); err == nil {
			groups = append(groups, gid)
		}
	}
	if len(groups) == 0 {
		return []int{noGroup}
	}
	return groups
}

// check returns errBarred or errPseudo where the owner of the destination may not read an opened
// source, and errTorn where another file is there for that user by now.
func (d *destReader) check(src *source, follow bool, st *disk.Stat) error {
	if d.user == nil {
		return nil
	}
	if src.pseudo {
		return asSourceError(errPseudo)
	}
	switch err := d.user.MayRead(src.path, follow, st); {
	case err == nil:
		return nil
	case errors.Is(err, disk.ErrOtherFile), durable.IsNoEntry(err):
		return asSourceError(errTorn)
	}
	return asSourceError(errBarred)
}
