// Package comparer tells how files of files/ and copies/ differ from their versions.
package comparer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Comparer tells how files of files/ and copies/ differ from their versions.
type Comparer struct {
	d     *dest.Dest
	quick bool // leave contents unread
}

// New compares what lies in a destination. quick leaves contents unread.
func New(d *dest.Dest, quick bool) *Comparer { return &Comparer{d, quick} }

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
	case v.Link && !st.IsLink() && w.d.HasSymlinks() || (!v.Link || !w.d.HasSymlinks()) && !st.IsRegular():
		return errors.New("is of another kind than its version")
	case st.Size != v.Size:
		return fmt.Errorf("has %d bytes, its version %d", st.Size, v.Size)
	case !w.sameTime(time.Unix(st.Mtime.Unix()), v.Mtime):
		return fmt.Errorf("has the mtime %s, its version %s", record.FormatTime(time.Unix(st.Mtime.Unix())), record.FormatTime(v.Mtime))
	case !v.Link && st.Mode&0o7777 != perm && w.d.HasModes():
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
	if v.Link && w.d.HasSymlinks() {
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
func (w *Comparer) sameTime(got, want time.Time) bool {
	return got.Equal(want) || got.Equal(want.Truncate(time.Second)) || !w.d.HasModes() && got.Sub(want).Abs() <= coarse
}

// coarse is the step of clocks on file systems without permissions: FAT counts in two seconds.
const coarse = 2 * time.Second

// HoldsBlob tells whether the file that has the name of a blob holds it.
func HoldsBlob(dir *durable.Dir, id object.ID) bool {
	f, err := dir.Open(id.String())
	if err != nil {
		return false
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxXattr))
	return err == nil && object.Hash(object.Blob, body) == id
}

// maxXattr is more than any system takes for the value of an attribute, in bytes.
const maxXattr = 16 << 20
