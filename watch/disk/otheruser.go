package disk

import (
	"errors"
	"os/user"
	"strconv"
)

// ErrOtherFile says that a path leads another user to another file than this process.
var ErrOtherFile = errors.New("another file for that user")

// Look is what another user finds at a path.
type Look struct {
	Path   string
	Follow bool // a link at the path is followed

	Stat Stat  // zero where the user cannot come to the path
	Err  error // why the user may not read the file; nil: may, or it is a link
}

// MayRead returns nil where the user may read the file at a path that this process has opened,
// whose stat is file. It returns ErrOtherFile where the path leads the user to another one. Of a
// link itself, unless it is followed, it is enough that the user finds it.
func (u *OtherUser) MayRead(path string, follow bool, file *Stat) error {
	looks := []Look{{Path: path, Follow: follow}}
	u.LookAt(looks)
	if st := &looks[0].Stat; !st.IsZero() && st.Inode() != file.Inode() {
		return ErrOtherFile
	}
	return looks[0].Err
}

// noGroup is a group that nothing belongs to. 65534, the group of nobody, may have files.
const noGroup = 1<<31 - 2

// GroupsOf returns the groups of a user, the primary one first. A user whom the system does not
// know has none.
func GroupsOf(uid uint32) []int {
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
