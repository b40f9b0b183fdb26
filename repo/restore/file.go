package restore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/restore/reach"
	"timemachine/repo/restore/rights"
)

// removeObstacle removes the file that has the name of the step's folder. That of a folder above is
// removed where that one is made.
func (s *Step) removeObstacle(dir *durable.Dir, name string) error {
	if s.obstacle == "" || s.obstacle != s.rel {
		return nil
	}
	st, err := dir.Lstat(name)
	if err == nil {
		err = s.checkPresent(dir, name, st)
	}
	if err == nil {
		err = dir.Remove(name)
	}
	s.cleared = err == nil
	return err
}

func (s *Step) removeTemp() error {
	folder, _ := layout.Split(s.rel)
	dir, err := s.base.Walk.Dir(folder)
	if err != nil {
		return err
	}
	return dir.Remove(s.temp)
}

// checkPresent refuses a file that is about to be replaced, if it is not the planned one, or holds
// a content that was not confirmed. Equal stats do not prove an equal content: a mapped file, or a
// second change within one tick of the clock, keeps them.
func (s *Step) checkPresent(dir *durable.Dir, name string, st durable.Stat) error {
	if !s.isPlanned(&st) {
		return reach.ErrChanged
	}
	if s.stored.IsZero() || st.IsDir() {
		return nil
	}
	id, err := reach.ContentID(dir, name, &st)
	if err != nil {
		return err
	}
	if st, err = dir.Lstat(name); err != nil {
		return err
	}
	if id != s.stored || !s.isPlanned(&st) {
		return reach.ErrChanged
	}
	return nil
}

// isPlanned tells whether a stat is that of the file which the plan has seen. The ctime of a file
// with more names changes where the restore replaces one of these.
func (s *Step) isPlanned(st *durable.Stat) bool {
	was := s.presentStat
	if was.Links > 1 && st.Links < was.Links && !s.stored.IsZero() {
		was.Ctime = st.Ctime
	}
	if was.IsDir() && st.IsDir() { // it was opened, and what was in it has been removed
		was.Mode, was.Size, was.Mtime, was.Ctime = st.Mode, st.Size, st.Mtime, st.Ctime
	}
	return reach.Unchanged(st, &was)
}

// place gives the new file its name, unless the file there is not the one that the plan replaces.
func (b *batch) place(s *Step, dir *durable.Dir, name string) error {
	st, err := dir.Lstat(name)
	switch {
	case durable.IsMissing(err):
		return dir.Rename(s.temp, dir, name)
	case err != nil:
		return err
	case s.Action == Create:
		if other := b.placed[inode{st.Dev, st.Ino}]; other != nil && other.Target != s.Target {
			return fmt.Errorf("the file system there takes it for the name of %s, which was restored: restore it elsewhere", record.Quote(other.Target))
		}
		return reach.ErrChanged
	}
	if err := s.checkPresent(dir, name, st); err != nil {
		return err
	}
	if st.IsDir() {
		if err := dir.RemoveDir(name); err != nil {
			return err
		}
		delete(b.opened, s.Target)
	}
	err = dir.Rename(s.temp, dir, name)
	if errors.Is(err, unix.EBUSY) && st.IsRegular() && !s.Link {
		return b.writeInPlace(s, dir, name)
	}
	return err
}

// inode identifies a file.
type inode struct{ dev, ino uint64 }

// coarsest is the step of the coarsest clock of a file system, FAT's.
const coarsest = 2 * time.Second

// compareWritten notes in what the new file differs from the version. Its content was hashed while
// it was written. An mtime may have lost what this file system does not keep.
func (b *batch) compareWritten(s *Step, dir *durable.Dir, name string) error {
	st, err := dir.Lstat(name)
	if err != nil {
		return err
	}
	b.placed[inode{st.Dev, st.Ino}] = s
	attrs := s.writtenAttrs
	if st.IsLink() {
		attrs = b.p.give.OfLink(dir, name).Read()
	} else if f, err := dir.Open(name); err == nil {
		attrs = b.p.give.Of(f).Read()
		f.Close()
	}
	s.StillDiffers = b.p.differences(s, &st, s.Blob, attrs)
	if st.Modified().Sub(s.Mtime).Abs() < coarsest {
		s.StillDiffers = slices.DeleteFunc(s.StillDiffers, func(what string) bool { return what == "mtime" })
	}
	s.Notes = append(s.Notes, b.p.give.Lacking(&s.Record, &st)...)
	return nil
}

// writeFile writes content, attributes, owner, mode and mtime to a new file. At no moment can a
// user read it whom the version does not let in: the file is closed to others, then given to its
// owner, and then gets its mode.
func (p *Plan) writeFile(s *Step, dir *durable.Dir, sync bool) error {
	src, err := p.content(s)
	if err != nil {
		return err
	}
	defer src.Close()
	f, err := dir.Create(s.temp)
	if err != nil {
		return err
	}
	defer f.Close()
	c, err := p.give.Changes(&s.Record, p.give.OfFile(f), p.wish(s))
	if err != nil {
		return err
	}
	// the folder's default access list may not let the owner set attributes
	if err := p.give.Narrow(f, &durable.Stat{}, 0, c); err != nil {
		return err
	}
	c.ApplyUsers()
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
	if err := p.giveRights(s, f, c); err != nil {
		return err
	}
	if s.made, err = f.Stat(); err != nil || !sync {
		return err
	}
	return f.Sync()
}

// giveRights gives a file owner, attributes, mode and mtime of the step's version.
func (p *Plan) giveRights(s *Step, f *durable.File, c *rights.Change) error {
	notes, err := p.give.ToFile(&s.Record, f, c)
	s.Notes = append(s.Notes, notes...)
	if err != nil {
		return err
	}
	s.writtenAttrs = p.give.OfFile(f).Read()
	return f.SetMtime(s.Mtime)
}

// wish says which attributes the step's target is to have.
func (p *Plan) wish(s *Step) rights.Wish {
	return rights.Wish{Known: s.attrsKnown, Before: s.presentAttrs, Stays: s.Action == Adjust, Value: p.src.AttributeValue}
}

func (p *Plan) writeLink(s *Step, dir *durable.Dir) error {
	src, err := p.content(s)
	if err != nil {
		return err
	}
	defer src.Close()
	target, err := io.ReadAll(io.LimitReader(src, unix.PathMax)) // a longer one is damage
	if err != nil {
		return err
	}
	if id, err := object.HashBlob(target); err != nil || id != s.Blob {
		return &DamagedError{Commit: s.Commit}
	}
	return dir.SymlinkFor(string(target), s.temp, func(place *durable.Dir) error {
		notes, err := p.give.ToLink(&s.Record, place, s.temp, p.wish(s))
		s.Notes = append(s.Notes, notes...)
		if err != nil {
			return err
		}
		return place.SetMtime(s.temp, s.Mtime)
	})
}

// content is the content of the step's version.
func (p *Plan) content(s *Step) (io.ReadCloser, error) {
	if _, redacted := p.src.Redacted(&s.Version); redacted {
		return nil, fmt.Errorf("its content was taken out of the history, and something else put in commit %s", s.Commit.Short())
	}
	src, _, err := p.src.Content(&s.Version)
	return src, err
}

// DamagedError says that the stored content of a version is not the content that was recorded.
type DamagedError struct{ Commit object.ID }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("content of commit %s is damaged", e.Commit.Short())
}
