package restore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
)

// removeObstacle removes the file whose path a folder needs. A step before this one may have
// removed it.
func (s *Step) removeObstacle() error {
	if s.obstacle == "" {
		return nil
	}
	folder, name := layout.Split(s.obstacle)
	dir, err := s.base.walk.Dir(folder)
	if err != nil {
		return err
	}
	st, err := dir.Lstat(name)
	switch {
	case durable.IsMissing(err), err == nil && st.IsDir():
		return nil
	case err != nil:
		return err
	}
	if err := s.checkPresent(dir, name, st); err != nil {
		return err
	}
	if err := dir.Remove(name); err != nil {
		return err
	}
	s.cleared = true
	return nil
}

func (s *Step) removeTemp() error {
	folder, _ := layout.Split(s.rel)
	dir, err := s.base.walk.Dir(folder)
	if err != nil {
		return err
	}
	return dir.Remove(s.temp)
}

var errChanged = errors.New("it changed meanwhile, and is left alone")

// checkPresent refuses a file that is about to be replaced, if it is not the planned one, or holds
// a content that was not confirmed. Equal stats do not prove an equal content: a mapped file, or a
// second change within one tick of the clock, keeps them.
func (s *Step) checkPresent(dir *durable.Dir, name string, st durable.Stat) error {
	if !isUnchanged(&st, &s.presentStat) {
		return errChanged
	}
	if s.stored.IsZero() || st.IsDir() {
		return nil
	}
	id, err := contentID(dir, name, &st)
	if err != nil {
		return err
	}
	if st, err = dir.Lstat(name); err != nil {
		return err
	}
	if id != s.stored || !isUnchanged(&st, &s.presentStat) {
		return errChanged
	}
	return nil
}

func isUnchanged(a, b *durable.Stat) bool {
	return a.Same(*b) && a.Mode == b.Mode && a.Size == b.Size && a.Mtime == b.Mtime && a.Ctime == b.Ctime
}

// place gives the new file its name, unless the file there is not the one that the plan replaces.
func (s *Step) place(dir *durable.Dir, name string) error {
	st, err := dir.Lstat(name)
	switch {
	case durable.IsMissing(err):
		return dir.Rename(s.temp, dir, name)
	case err != nil:
		return err
	case s.Action == Create:
		return errChanged
	}
	if err := s.checkPresent(dir, name, st); err != nil {
		return err
	}
	if st.IsDir() {
		if err := dir.RemoveDir(name); err != nil {
			return err
		}
	}
	return dir.Rename(s.temp, dir, name)
}

// coarsest is the step of the coarsest clock of a file system, FAT's.
const coarsest = 2 * time.Second

// compareWritten notes in what the new file differs from the version. Its content was hashed while
// it was written. An mtime may have lost what this file system does not keep.
func (s *Step) compareWritten(dir *durable.Dir, name string) error {
	st, err := dir.Lstat(name)
	if err != nil {
		return err
	}
	s.StillDiffers = s.differences(&st, s.Blob)
	if time.Unix(st.Mtime.Sec, st.Mtime.Nsec).Sub(s.Mtime).Abs() < coarsest {
		s.StillDiffers = slices.DeleteFunc(s.StillDiffers, func(what string) bool { return what == "mtime" })
	}
	s.noteOwner(&st)
	return nil
}

// writeFile writes content, owner, mode and mtime to a new file. At no moment can a user read it
// whom the version does not let in: the file is closed to others, then given to its owner, and then
// gets its mode.
func (p *Plan) writeFile(s *Step, dir *durable.Dir, sync bool) error {
	if _, redacted := p.src.Redacted(&s.Version); redacted {
		return redactedError(s)
	}
	src, _, err := p.src.Content(&s.Version)
	if err != nil {
		return err
	}
	defer src.Close()
	f, err := dir.Create(s.temp)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Chmod(fs.FileMode(s.Mode & 0o600)); err != nil {
		return err
	}
	sum := object.NewBlobHasher(s.Size)
	if err := durable.CopySparse(f, io.TeeReader(src, sum), nil); err != nil {
		return err
	}
	if id, err := sum.ID(); err != nil || id != s.Blob {
		return &DamagedError{Commit: s.Commit}
	}
	mode := s.giveOwner(func(uid, gid int) error { return f.Chown(uid, gid) })
	if err := f.Chmod(osMode(mode)); err != nil {
		return err
	}
	if err := f.SetMtime(s.Mtime); err != nil {
		return err
	}
	if sync {
		return f.Sync()
	}
	return nil
}

func (p *Plan) writeLink(s *Step, dir *durable.Dir) error {
	target, err := p.linkTarget(s)
	if err != nil {
		return err
	}
	if id, err := object.HashBlob(target); err != nil || id != s.Blob {
		return &DamagedError{Commit: s.Commit}
	}
	return dir.SymlinkFor(string(target), s.temp, func(place *durable.Dir) error {
		s.giveOwner(func(uid, gid int) error { return place.ChownLink(s.temp, uid, gid) })
		return place.SetMtime(s.temp, s.Mtime)
	})
}

func (p *Plan) linkTarget(s *Step) ([]byte, error) {
	if _, redacted := p.src.Redacted(&s.Version); redacted {
		return nil, redactedError(s)
	}
	src, _, err := p.src.Content(&s.Version)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return io.ReadAll(src)
}

func redactedError(s *Step) error {
	return fmt.Errorf("its content was taken out of the history, and something else put in commit %s", s.Commit.Short())
}

// giveOwner gives the new file to the version's owner, as far as the process may, and returns the
// mode that is safe then: another group than the version's gets no more than everybody, and only
// root brings setuid and setgid back.
func (s *Step) giveOwner(chown func(uid, gid int) error) (mode uint32) {
	mode = s.Mode & 0o7777
	root := os.Geteuid() == 0
	err := chown(int(s.UID), int(s.GID))
	if err != nil && chown(-1, int(s.GID)) != nil {
		mode &^= 0o070 &^ (mode << 3)
	}
	if !s.Link && mode&0o6000 != 0 && (err != nil || !root) {
		mode &^= 0o6000
		s.Notes = append(s.Notes, "setuid and setgid are left off")
	}
	return mode
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

// DamagedError says that the stored content of a version is not the content that was recorded.
type DamagedError struct{ Commit object.ID }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("content of commit %s is damaged", e.Commit.Short())
}
