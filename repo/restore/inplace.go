package restore

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"timemachine/repo/durable"
	"timemachine/repo/layout"
	"timemachine/repo/restore/reach"
	"timemachine/repo/restore/rights"

	"golang.org/x/sys/unix"
)

// ErrOpened says that a restore of the same versions can go on now with a file or folder.
var ErrOpened = fmt.Errorf("it was closed to its owner, and can be read by now: restore it again: %w", unix.EACCES)

// ModeBefore is the mode of a file that Write lets its owner read, as it was before.
func (s *Step) ModeBefore() (mode uint32, unread bool) {
	return s.presentStat.Mode & 0o7777, s.unread
}

// adjust sets mode, owner, attributes and mtime of a file whose content is the version's.
func (b *batch) adjust(s *Step) error {
	folder, name := layout.Split(s.rel)
	dir, err := s.base.Walk.Dir(folder)
	if err != nil {
		return err
	}
	if s.unread {
		return cmp.Or(rights.OpenFile(dir, name, &s.presentStat), ErrOpened)
	}
	f, err := dir.OpenToChange(name, false)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	id, err := reach.Hash(f, st.Size)
	if err != nil {
		return err
	}
	if now, err := f.Stat(); err != nil || id != s.Blob || !reach.Unchanged(&st, &s.presentStat) || !reach.Unchanged(&now, &st) {
		return errors.Join(reach.ErrChanged, err)
	}
	c, err := b.p.give.Changes(&s.Record, b.p.give.OfFile(f), b.p.wish(s))
	if err != nil {
		return err
	}
	if err := b.p.give.Narrow(f, &st, s.Mode, c); err != nil {
		return err
	}
	c.ApplyUsers()
	if err := b.p.giveRights(s, f, c); err != nil {
		return err
	}
	if b.isBulk() {
		return nil
	}
	return f.Sync()
}

// writeInPlace writes the new file's content into the file that has its name and cannot be
// replaced, as one that another file system is mounted on. The present content is recorded.
func (b *batch) writeInPlace(s *Step, dir *durable.Dir, name string) error {
	from, err := dir.OpenToChange(s.temp, false)
	if err != nil {
		return err
	}
	defer from.Close()
	if st, err := from.Stat(); err != nil || !st.Same(s.made) {
		return errors.Join(reach.ErrChanged, err)
	}
	f, err := dir.OpenToChange(name, true)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !s.isPlanned(&st) {
		return errors.Join(reach.ErrChanged, err)
	}
	c, err := b.p.give.Changes(&s.Record, b.p.give.OfFile(f), b.p.wish(s))
	if err == nil {
		err = b.p.give.Narrow(f, &st, s.Mode, c)
	}
	if err != nil {
		return err
	}
	if err := b.overwrite(s, f, from, c); err != nil {
		return fmt.Errorf("it cannot be replaced at once, and is only partly written: its content before is in the history: %w", err)
	}
	s.Notes = append(s.Notes, "written in place, not at once: it is a mount point, which cannot be replaced")
	return dir.Remove(s.temp)
}

// overwrite gives an open file all that the version has. A failure leaves a part of either content.
func (b *batch) overwrite(s *Step, f *durable.File, from io.Reader, c *rights.Change) error {
	_, err := io.Copy(f, from)
	if err == nil {
		err = f.Truncate(s.Size)
	}
	if err == nil {
		c.ApplyUsers()
		err = b.p.giveRights(s, f, c)
	}
	if err == nil {
		err = f.Sync()
	}
	return err
}
