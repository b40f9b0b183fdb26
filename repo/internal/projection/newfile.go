package projection

import (
	"bytes"
	"errors"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// target is a name in a folder.
type target struct {
	dir  *durable.Dir
	name string
}

// chmod gives a new file its mode where the umask or the folder's default permissions withheld it.
// A file system may have no modes.
func chmod(f *durable.File, mode fs.FileMode) error {
	st, err := f.Stat()
	if err != nil || fs.FileMode(st.Mode&0o777) == mode {
		return err
	}
	if err := f.Chmod(mode); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// putFile makes a file at a name. Where the name is taken, the file is made in the stage, under the
// name staged, and replaces what has the name. An empty folder is removed; another folder is an
// error, before anything is written.
//
// With removeFirst, what has the name is removed instead: a file system that allocates late writes
// each file that replaces another to disk at once. A kill leaves half a file then, which the
// pending mark has written again. What has the name is also removed where files/ or copies/ is a
// mount of its own, which no file can be renamed into.
func (w *writer) putFile(at target, staged string, make func(at target) error) error {
	err := make(at)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if st, err := at.dir.Lstat(at.name); err == nil && st.IsDir() {
		if err := at.dir.RemoveDir(at.name); err != nil {
			return err
		}
		return make(at)
	}
	if w.removeFirst && at.dir.Remove(at.name) == nil {
		return make(at)
	}
	if err := make(target{w.p.Stage, staged}); err != nil {
		return err
	}
	err = w.orRemove(target{w.p.Stage, staged}, w.p.Stage.Rename(staged, at.dir, at.name))
	if errors.Is(err, unix.EXDEV) && at.dir.Remove(at.name) == nil {
		return make(at)
	}
	return err
}

func (w *writer) reflink(v *record.Version, old, at target) error {
	if v.Link || w.p.noReflink.Load() {
		return errors.ErrUnsupported
	}
	from, err := old.dir.Open(old.name)
	if err != nil {
		return err
	}
	defer from.Close()
	return w.create(v, at, func(to *durable.File) error {
		err := durable.Reflink(from, to)
		if err != nil {
			w.p.noReflink.Store(true)
		}
		return err
	})
}

// makeFile writes a version's content, mode and mtime to a new file or link.
func (w *writer) makeFile(v *record.Version, at target) error {
	if !v.Link {
		return w.create(v, at, func(dst *durable.File) error { return w.writeContent(dst, v) })
	}
	_, target, err := w.p.Store.Read(v.Blob)
	if err == nil {
		err = w.makeLink(string(target), at)
	}
	if err != nil {
		return err
	}
	return w.orRemove(at, at.dir.SetMtime(at.name, v.Mtime))
}

// create makes a new file with a version's mode and mtime, and the content that fill writes.
func (w *writer) create(v *record.Version, at target, fill func(dst *durable.File) error) error {
	mode := fs.FileMode(v.Mode & 0o777)
	dst, err := at.dir.CreateAs(at.name, mode)
	if err != nil {
		return err
	}
	err = fill(dst)
	if err == nil {
		err = chmod(dst, mode)
	}
	if err == nil {
		err = dst.SetMtime(v.Mtime)
	}
	if err == nil && w.each {
		err = dst.Sync()
	}
	if cerr := dst.Close(); err == nil {
		err = cerr
	}
	return w.orRemove(at, err)
}

// orRemove removes what an error has left incomplete.
func (w *writer) orRemove(at target, err error) error {
	if err != nil {
		err = errors.Join(err, at.dir.Remove(at.name))
	}
	return err
}

// writeContent writes a version's bytes: in one piece where they are few.
func (w *writer) writeContent(dst *durable.File, v *record.Version) error {
	if v.Size < durable.SparseBlock {
		body, err := w.small(v.Blob)
		if err == nil {
			_, err = dst.Write(body)
		}
		return err
	}
	src, err := w.content(v.Blob)
	if err != nil {
		return err
	}
	defer src.Close()
	return durable.CopySparse(dst, src, w.buf)
}

func (w *writer) small(id object.ID) ([]byte, error) {
	if w.contents != nil {
		if b, ok := w.contents.Get(id); ok {
			return b, nil
		}
	}
	return w.p.ReadBody(id)
}

func (w *writer) content(id object.ID) (io.ReadCloser, error) {
	if w.contents != nil {
		if b, ok := w.contents.Get(id); ok {
			return io.NopCloser(bytes.NewReader(b)), nil
		}
	}
	src, _, err := w.p.Store.Stream(id)
	return src, err
}

// makeLink makes a link, or the file that stands for one.
func (w *writer) makeLink(target string, at target) error {
	if w.p.HasSymlinks() {
		return at.dir.Symlink(target, at.name)
	}
	f, err := at.dir.Create(at.name)
	if err != nil {
		return err
	}
	_, err = f.WriteString(target)
	if err == nil && w.each {
		err = f.Sync()
	}
	return w.orRemove(at, errors.Join(err, f.Close()))
}
