package projection

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Comparer tells how files of files/ and copies/ differ from their versions.
type Comparer struct {
	p     *Projection
	quick bool // leave contents unread
}

// NewComparer compares with what p keeps. quick leaves contents unread.
func NewComparer(p *Projection, quick bool) *Comparer { return &Comparer{p, quick} }

// CopyFlaw tells how a version's copy differs from it.
func (w *Comparer) CopyFlaw(copies *durable.Walker, v *record.Version) error {
	folder, name := layout.Split(v.Copy)
	dir, err := copies.Dir(folder)
	if err != nil {
		return err
	}
	return w.Compare(dir, name, v, v.Mode&0o777)
}

// Compare tells how the file or link name differs from a version that should have the permissions
// perm there.
func (w *Comparer) Compare(dir *durable.Dir, name string, v *record.Version, perm uint32) error {
	st, err := dir.Lstat(name)
	if err != nil {
		return err
	}
	switch {
	case v.Link && !st.IsLink() && w.p.HasSymlinks() || (!v.Link || !w.p.HasSymlinks()) && !st.IsRegular():
		return errors.New("is of another kind than its version")
	case st.Size != v.Size:
		return fmt.Errorf("has %d bytes, its version %d", st.Size, v.Size)
	case !w.p.sameTime(time.Unix(st.Mtime.Unix()), v.Mtime):
		return fmt.Errorf("has the mtime %s, its version %s", record.FormatTime(time.Unix(st.Mtime.Unix())), record.FormatTime(v.Mtime))
	case !v.Link && st.Mode&0o7777 != perm && w.p.HasModes():
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

func (w *Comparer) contentID(dir *durable.Dir, name string, v *record.Version) (object.ID, error) {
	if v.Link && w.p.HasSymlinks() {
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

// sameTime compares mtimes. A file system may keep whole seconds only.
func (r *Projection) sameTime(got, want time.Time) bool {
	return got.Equal(want) || got.Equal(want.Truncate(time.Second)) || !r.HasModes() && got.Sub(want).Abs() <= coarse
}

// coarse is the step of clocks on file systems without permissions: FAT counts in two seconds.
const coarse = 2 * time.Second
