package repo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

const attributesName = ".gitattributes"

// copy looks at a version's plain copy. One that is not there is missed only where copies are kept at all.
func (w *worker) copy(v *Version) {
	err := w.copyFlaw(w.copies, v)
	w.mu.Lock()
	w.sum.Copies++
	w.mu.Unlock()
	if err == nil || gone(err) && !w.o.WantCopy(v) {
		return
	}
	hint := ""
	if gone(err) {
		hint = w.r.rebuildCommand()
	}
	w.suspects(suspect{v: *v, Finding: Finding{Part: PartCopy, Path: v.Copy, Object: v.Commit, Msg: flaw(err), Hint: hint}})
}

// copyFlaw tells how a version's copy differs from it.
func (w *comparer) copyFlaw(copies *durable.Walker, v *Version) error {
	folder, name := split(v.Copy)
	dir, err := copies.Dir(folder)
	if err != nil {
		return err
	}
	return w.compare(dir, name, v, v.Mode&0o777)
}

// file looks at the place of a source's newest version in files/.
func (w *worker) file(s *step) {
	if w.r.detached() != "" {
		return
	}
	path, err := treePath(&s.Record)
	if err != nil {
		return // said already
	}
	folder, name := split(path)
	dir, err := w.files.Dir(folder)
	if s.Event == record.Deleted {
		if err == nil {
			w.leftover(s, dir, path, name)
		}
		return
	}
	w.mu.Lock()
	w.sum.Files++
	w.mu.Unlock()
	if err == nil {
		err = w.compare(dir, name, &s.Version, s.Mode&0o777|0o400)
	}
	if err != nil {
		w.suspects(suspect{v: s.Version, place: true, Finding: Finding{Part: PartFile, Path: path, Object: s.Commit, Msg: flaw(err)}})
	}
}

// leftover finds a deleted source's file. Only one that is what we wrote counts: another is somebody's own.
func (w *worker) leftover(s *step, dir *durable.Dir, path, name string) {
	if w.names != nil && w.names.holder(path) != "" {
		return // another name's place now
	}
	last, _, err := w.r.version(s.Previous)
	if err != nil || last.Source != s.Source || w.compare(dir, name, &last, last.Mode&0o777|0o400) != nil {
		return
	}
	w.suspects(suspect{v: s.Version, gone: true, Finding: Finding{Part: PartFile, Path: path, Object: s.Commit, Msg: "is there, and its source is deleted"}})
}

func flaw(err error) string {
	if gone(err) {
		return "is missing"
	}
	return cause(err)
}

// compare tells how the file or link name differs from a version that should have the permissions perm there.
func (w *comparer) compare(dir *durable.Dir, name string, v *Version, perm uint32) error {
	st, err := dir.Lstat(name)
	if err != nil {
		return err
	}
	switch {
	case v.Link && !st.IsLink() && w.p.hasLinks() || (!v.Link || !w.p.hasLinks()) && !st.IsRegular():
		return errors.New("is of another kind than its version")
	case st.Size != v.Size:
		return fmt.Errorf("has %d bytes, its version %d", st.Size, v.Size)
	case !w.p.sameTime(time.Unix(st.Mtime.Unix()), v.Mtime):
		return fmt.Errorf("has the mtime %s, its version %s", record.FormatTime(time.Unix(st.Mtime.Unix())), record.FormatTime(v.Mtime))
	case !v.Link && st.Mode&0o7777 != perm && w.p.hasModes():
		return fmt.Errorf("has mode %04o, should have %04o", st.Mode&0o7777, perm)
	case w.quick:
		return nil
	}
	id, err := w.contentID(dir, name, v)
	if errors.Is(err, fs.ErrPermission) && perm&0o400 == 0 {
		return nil // as its version, this user cannot read it
	}
	if err == nil && id != v.Blob {
		err = errors.New("has other content than its version")
	}
	return err
}

func (w *comparer) contentID(dir *durable.Dir, name string, v *Version) (object.ID, error) {
	if v.Link && w.p.hasLinks() {
		target, err := dir.Readlink(name)
		return object.Hash(object.Blob, []byte(target)), err
	}
	f, err := dir.Open(name)
	if err != nil {
		return object.ID{}, err
	}
	defer f.Close()
	h := object.NewBlobHasher(v.Size)
	if n, err := io.Copy(h, f); err != nil || n != v.Size {
		return object.ID{}, err
	}
	return h.ID()
}

// hasModes tells whether the destination's file system keeps permissions, as it was found at init.
func (r *destT) hasModes() bool {
	return r.config.get("core", "filemode") == "" || r.config.isTrue("core", "filemode")
}

// coarse is the step of clocks on file systems without permissions: FAT counts in two seconds.
const coarse = 2 * time.Second

func (r *projectionT) sameTime(got, want time.Time) bool {
	return got.Equal(want) || !r.hasModes() && got.Sub(want).Abs() <= coarse
}

// comparer tells how files of files/ and copies/ differ from their versions.
type comparer struct {
	p     *projectionT
	quick bool // leave contents unread
}
