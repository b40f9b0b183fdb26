package watch

import (
	"errors"
	"os"
	"os/user"
	"strconv"

	"timemachine/repo/durable"
	"timemachine/watch/disk"
)

// errBarred says that the owner of the destination may not read a source. It is not recorded, since
// root's run would show it to that user.
var errBarred = errors.New("the owner of the destination may not read it")

// findReader sets who must be able to read what the run records. There is nobody to be asked where
// this process's user owns the destination, or is not root and so reads no more than anybody.
func (r *run) findReader() error {
	owner, err := r.Repo.Owner()
	if err != nil || owner == 0 || os.Geteuid() != 0 {
		return err
	}
	r.destOwner = owner
	r.reader, err = disk.NewOtherUser(int(owner), groupsOf(owner))
	return err
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

// checkReader returns errBarred where the owner of the destination may not read an opened source,
// and errTorn where another file is there for that user by now.
func (c *capturer) checkReader(src *source, follow bool, st *disk.Stat) error {
	if c.reader == nil {
		return nil
	}
	switch err := c.reader.MayRead(src.path, follow, st); {
	case err == nil:
		return nil
	case errors.Is(err, disk.ErrOtherFile), durable.IsNoEntry(err):
		return asSourceError(errTorn)
	}
	return asSourceError(errBarred)
}
