// Package rights gives files, links and folders the owner, the attributes and the mode of a
// version, as far as the process may, and says what it may not.
package rights

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Policy is what this process may give, and to whom.
type Policy struct {
	Root bool // it may give files away
	UID  int  // its user
	// neither setuid nor what only root can set is given: others could have written the history
	Limited bool
	// Recorded tells which extended attributes records tell of; the others are left as they are.
	// nil: all.
	Recorded func(name string) bool
}

// Own is the policy of this process's user.
func Own(limited bool, recorded func(name string) bool) Policy {
	return Policy{Root: os.Geteuid() == 0, UID: os.Geteuid(), Limited: limited, Recorded: recorded}
}

// MayChange tells whether this process may change mode and attributes of a file.
func (p *Policy) MayChange(st *durable.Stat) bool { return p.Root || int(st.UID) == p.UID }

// MayAdjust tells whether this process may give a file that is there the rights of a version. Of
// what another user may have put there, or may hold open, root only takes rights away. What it
// gives another owner, setuid, an access list or more rights is a new file. A user's own file gets
// setuid as a new one.
func (p *Policy) MayAdjust(st *durable.Stat, r *record.Record) bool {
	if !p.MayChange(st) || !p.Root {
		return p.MayChange(st) && r.Mode&0o6000&^st.Mode == 0
	}
	return st.UID == r.UID && st.GID == r.GID && r.Mode&^(st.Mode&0o777) == 0 && !slices.ContainsFunc(r.Xattrs, func(x record.Xattr) bool {
		return IsRoots(x.Name) || strings.HasPrefix(x.Name, "system.")
	})
}

// Differences lists in what of mode, owner and attributes a file differs from a record. The owner
// counts for root only, who alone can give files away. Without known, the record does not tell the
// attributes.
func (p *Policy) Differences(r *record.Record, st *durable.Stat, attrs Attrs, known bool) []string {
	var differs []string
	if !r.Link && st.Mode&0o7777 != r.Mode {
		differs = append(differs, "mode")
	}
	if p.Root && (st.UID != r.UID || st.GID != r.GID) && !(p.Limited && r.Folder) {
		differs = append(differs, "owner")
	}
	if known && !p.equal(r, attrs) {
		differs = append(differs, "attributes")
	}
	return differs
}

// Lacking says what is other than in a record and only root could put right.
func (p *Policy) Lacking(r *record.Record, st *durable.Stat) (notes []string) {
	if p.Root {
		return nil
	}
	if st.UID != r.UID || st.GID != r.GID {
		notes = append(notes, fmt.Sprintf("owner is %d:%d, not %d:%d", st.UID, st.GID, r.UID, r.GID))
	}
	for _, x := range r.Xattrs {
		if IsRoots(x.Name) && p.isRecorded(x.Name) {
			notes = append(notes, "only root can set the attribute "+record.Quote(x.Name))
		}
	}
	return notes
}

// GiveOwner gives a file or folder to a record's owner, as far as the process may, and returns the
// mode that is safe then: another group than the record's gets no more than everybody, and setuid
// and setgid of a file come back with its owner only. notes tell what is left off.
func (p *Policy) GiveOwner(r *record.Record, chown func(uid, gid int) error) (mode uint32, notes []string) {
	mode = r.Mode & 0o7777
	err := chown(int(r.UID), int(r.GID))
	other := err != nil && chown(-1, int(r.GID)) != nil
	if other {
		mode &^= 0o070 &^ (mode << 3)
	}
	switch {
	case r.Link || mode&0o6000 == 0:
	case r.Folder && other && mode&unix.S_ISGID != 0:
		return mode &^ unix.S_ISGID, []string{"setgid is left off"}
	case !r.Folder && (err != nil || p.Limited):
		return mode &^ 0o6000, []string{"setuid and setgid are left off"}
	}
	return mode, nil
}

// ChmodFolder sets the mode of an open folder.
func ChmodFolder(dir *durable.Dir, mode uint32) error {
	return dir.Do(durable.Chmod, "", func(fd int) error { return unix.Fchmod(fd, mode) })
}

// OpenClosed lets this process's user into a folder that is the user's own, and closed to it. It
// changes the mode in was. folder opens the folders above.
func (p *Policy) OpenClosed(folder func(rel string) *durable.Dir, rel string, was *durable.Stat) error {
	above, name := layout.Split(rel)
	if !p.IsClosedFolder(was) || rel == "" {
		return nil
	}
	dir := folder(above)
	if dir == nil {
		return nil // which opening it will tell
	}
	return dir.Do(durable.Chmod, name, func(in int) error {
		err := openClosed(in, name, was, 0o700)
		if err == nil {
			was.Mode |= 0o700
		}
		return err
	})
}

// IsClosed tells whether a file is this process's user's own, who may not read it all the same.
func (p *Policy) IsClosed(st *durable.Stat) bool {
	return !p.Root && int(st.UID) == p.UID && st.IsRegular() && st.Mode&0o400 == 0
}

// IsClosedFolder tells whether a folder is this process's user's own, who may not enter or read it.
func (p *Policy) IsClosedFolder(st *durable.Stat) bool {
	return !p.Root && int(st.UID) == p.UID && st.Mode&0o500 != 0o500
}

// OpenFile lets the owner of a closed file read it.
func OpenFile(dir *durable.Dir, name string, was *durable.Stat) error {
	return dir.Do(durable.Chmod, name, func(in int) error { return openClosed(in, name, was, 0o400) })
}

// ToFolder gives an open folder owner, attributes and mode of a record.
func (p *Policy) ToFolder(r *record.Record, dir *durable.Dir, w Wish) (notes []string, err error) {
	c, err := p.Changes(r, p.OfFolder(dir), w)
	if err != nil {
		return nil, err
	}
	if c.touchesUsers() && !p.Root {
		if st, err := dir.Lstat(""); err == nil && st.Mode&0o200 == 0 {
			if err := ChmodFolder(dir, st.Mode&0o7777|0o200); err != nil {
				return nil, err
			}
		}
	}
	c.ApplyUsers()
	mode, notes := p.GiveOwner(r, func(uid, gid int) error {
		return dir.Do(durable.Chown, "", func(fd int) error { return unix.Fchown(fd, uid, gid) })
	})
	c.applyRest()
	return slices.Concat(notes, c.Notes), ChmodFolder(dir, mode)
}

// ToLink gives a link owner and attributes of a record. For root, dir is a folder in which no other
// user can rename.
func (p *Policy) ToLink(r *record.Record, dir *durable.Dir, name string, w Wish) (notes []string, err error) {
	_, _ = p.GiveOwner(r, func(uid, gid int) error { return dir.ChownLink(name, uid, gid) })
	c, err := p.Changes(r, p.OfLink(dir, name), w)
	if err != nil {
		return nil, err
	}
	c.ApplyUsers()
	c.applyRest()
	return c.Notes, nil
}

// ToFile gives an open file owner, attributes and mode of a record, after ApplyUsers.
func (p *Policy) ToFile(r *record.Record, f *durable.File, c *Change) (notes []string, err error) {
	mode, notes := p.GiveOwner(r, f.Chown)
	c.applyRest()
	return slices.Concat(notes, c.Notes), f.Chmod(osMode(mode))
}

// Narrow takes from an open file what mode does not allow, before its owner or content changes.
// Where attributes of users' programs change, the owner may write meanwhile.
func (p *Policy) Narrow(f *durable.File, st *durable.Stat, mode uint32, c *Change) error {
	during := st.Mode & mode & 0o777
	if c.touchesUsers() && !p.Root {
		during |= 0o200
	}
	if during == st.Mode&0o7777 {
		return nil
	}
	return f.Chmod(fs.FileMode(during))
}

// osMode is a mode as chmod(2) takes it in the form of package os.
func osMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	for bit, flag := range map[uint32]fs.FileMode{unix.S_ISUID: fs.ModeSetuid, unix.S_ISGID: fs.ModeSetgid, unix.S_ISVTX: fs.ModeSticky} {
		if mode&bit != 0 {
			m |= flag
		}
	}
	return m
}

// Frozen finds whether a name in an open folder, or the folder, is immutable or append-only, and
// returns what to type about it.
func Frozen(dir *durable.Dir, name string) (why string) {
	for _, n := range []string{name, "."} {
		if n == "" {
			continue
		}
		for flag, how := range map[int]string{flagImmutable: "immutable: chattr -i ", flagAppend: "append-only: chattr -a "} {
			if flagsOf(int(dir.Fd()), n)&flag != 0 {
				path := record.Quote(strings.TrimSuffix(dir.Path(n), "/."))
				return path + " is " + how + path + ", then restore again"
			}
		}
	}
	return ""
}

// The flags of chattr(1), by their values.
const (
	flagImmutable = 0x10
	flagAppend    = 0x20
)
