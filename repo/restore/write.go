package restore

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
)

// tempPrefix begins the names of files being written beside their targets. Files named so are never
// watched unless they are asked for by name, like those of editors.
const tempPrefix = ".#timemachine-"

func tempName() string {
	var b [8]byte
	rand.Read(b[:])
	return tempPrefix + hex.EncodeToString(b[:])
}

// unblock removes what the plan found in the place of a folder. A step before this one may have
// done so.
func (s *Step) unblock() error {
	if s.block == "" {
		return nil
	}
	folder, name := layout.Split(s.block)
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
	case !unchanged(&st, &s.there):
		return errChanged
	}
	if err := dir.Remove(name); err != nil {
		return err
	}
	s.cleared = true
	return nil
}

var errChanged = errors.New("it changed meanwhile, and is left alone")

func unchanged(a, b *durable.Stat) bool {
	return a.Same(*b) && a.Mode == b.Mode && a.Size == b.Size && a.Mtime == b.Mtime && a.Ctime == b.Ctime
}

// put gives the new file its name, unless what the plan found there has changed since.
func (s *Step) put(dir *durable.Dir, temp, name string) error {
	st, err := dir.Lstat(name)
	switch {
	case durable.IsMissing(err):
	case err != nil:
		return err
	case s.Action == Create || !unchanged(&st, &s.there):
		return errChanged
	case st.IsDir():
		if err := dir.RemoveDir(name); err != nil {
			return err
		}
	}
	return dir.Rename(temp, dir, name)
}

// writeFile writes content, owner, mode and mtime to a new file, in an order in which it is never
// open to anybody whom the record does not let in: closed first, then given away, then opened as
// far as recorded.
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
		return fmt.Errorf("content of commit %s is damaged: timemachine verify says more", s.Commit.Short())
	}
	mode := s.own(func(uid, gid int) error { return f.Chown(uid, gid) })
	if err := f.Chmod(osMode(mode)); err != nil {
		return err
	}
	if err := dir.SetMtime(s.temp, s.Mtime); err != nil {
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
	if err := dir.Symlink(string(target), s.temp); err != nil {
		return err
	}
	s.own(func(uid, gid int) error { return dir.ChownLink(s.temp, uid, gid) })
	return dir.SetMtime(s.temp, s.Mtime)
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

// own gives the new file to its recorded owner, as far as that is allowed, and returns the mode
// that is safe then: a group that is not the recorded one is let in no further than everybody, and
// setuid and setgid come back for root only.
func (s *Step) own(chown func(uid, gid int) error) (mode uint32) {
	mode = s.Mode & 0o7777
	root := os.Geteuid() == 0
	err := chown(int(s.UID), int(s.GID))
	if err != nil {
		s.Notes = append(s.Notes, fmt.Sprintf("owner %d:%d could not be given", s.UID, s.GID))
		if chown(-1, int(s.GID)) != nil {
			mode &^= 0o070 &^ (mode << 3)
		}
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
