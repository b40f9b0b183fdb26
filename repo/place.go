package repo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/gitindex"
	"timemachine/repo/object"
)

// Names in the stage, where a version is made ready before it gets its names in copies/ and files/.
const (
	stagedFile = "file"
	stagedCopy = "copy"
)

// gone tells whether a name, or the way to it, is not there.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

// write makes a version's file in the stage and gives it its names. The copy shares storage with files/ where modes
// allow: files/ must stay readable to its owner, a copy never has a permission more than its version.
func (f *follow) write(v *Version, path string, place bool) error {
	stage := f.r.stage
	if err := errors.Join(stage.Remove(stagedFile), stage.Remove(stagedCopy)); err != nil {
		return err
	}
	own := *v // as it stands in files/
	own.Mode |= 0o400
	switch {
	case place && f.copying && (v.Link || own.Mode == v.Mode):
		return f.both(v, path)
	case place && f.copying:
		return errors.Join(f.copyOnly(v), f.placeOnly(&own, path))
	case place:
		return f.placeOnly(&own, path)
	}
	return f.copyOnly(v)
}

func (f *follow) copyOnly(v *Version) error {
	if err := f.stageVersion(v, stagedCopy); err != nil {
		return err
	}
	return f.nameCopy(v, stagedCopy)
}

func (f *follow) placeOnly(v *Version, path string) error {
	if err := f.stageVersion(v, stagedFile); err != nil {
		return err
	}
	return f.nameFile(v, path)
}

// both makes one file and two names of it; a clone of its own for the copy where the file system shares storage so.
func (f *follow) both(v *Version, path string) error {
	if err := f.stageVersion(v, stagedFile); err != nil {
		return err
	}
	copied := stagedFile
	switch linked, err := f.clone(v); {
	case err != nil:
		return err
	case linked:
		copied = stagedCopy
	}
	if err := f.nameCopy(v, copied); err != nil {
		f.copying = false
		f.incomplete = true
		f.r.o.Warn(v.Source, "no copies are written: "+cause(err), "they can be made again from the history")
	}
	return f.nameFile(v, path)
}

// clone makes stagedCopy a second file with the storage and attributes of stagedFile: by reflink, else by hard link,
// else (no links here) by writing it again.
func (f *follow) clone(v *Version) (bool, error) {
	stage := f.r.stage
	if err := f.reflink(v); err == nil {
		return true, nil
	}
	if err := stage.Remove(stagedCopy); err != nil {
		return false, err
	}
	if stage.Link(stagedFile, stage, stagedCopy) == nil {
		return true, nil
	}
	return true, f.stageVersion(v, stagedCopy)
}

func (f *follow) reflink(v *Version) error {
	if v.Link || f.r.noReflink {
		return errors.ErrUnsupported
	}
	from, err := f.r.stage.Open(stagedFile)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := f.r.stage.Create(stagedCopy)
	if err != nil {
		return err
	}
	defer to.Close()
	if err := durable.Reflink(from, to); err != nil {
		f.r.noReflink = true
		return err
	}
	return f.finishFile(to, v, stagedCopy)
}

// stageVersion writes a version's content, mode and mtime to a file or link in the stage.
func (f *follow) stageVersion(v *Version, name string) error {
	if v.Link {
		return f.stageLink(v, name)
	}
	src, err := f.content(v.Blob)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := f.r.stage.Create(name)
	if err != nil {
		return err
	}
	defer dst.Close()
	if err := copySparse(dst, src); err != nil {
		return err
	}
	return f.finishFile(dst, v, name)
}

func (f *follow) finishFile(dst *durable.File, v *Version, name string) error {
	if err := dst.Chmod(fs.FileMode(v.Mode & 0o777)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if err := f.r.stage.SetMtime(name, v.Mtime); err != nil {
		return err
	}
	f.written++
	if f.written <= syncEach {
		return dst.Sync()
	}
	return nil
}

func (f *follow) stageLink(v *Version, name string) error {
	_, target, err := f.r.store.Read(v.Blob)
	if err != nil {
		return err
	}
	if err := f.r.stage.Symlink(string(target), name); err != nil {
		return err
	}
	f.written++
	return f.r.stage.SetMtime(name, v.Mtime)
}

func (f *follow) content(id object.ID) (io.ReadCloser, error) {
	if f.held != nil {
		if b, ok := f.held.get(id); ok {
			return io.NopCloser(bytes.NewReader(b)), nil
		}
	}
	src, _, err := f.r.store.Stream(id)
	return src, err
}

// nameCopy gives the staged file its name in copies/; whatever bears the name already is an earlier try of this version.
func (f *follow) nameCopy(v *Version, staged string) error {
	folder, name := split(v.Copy)
	dir, err := f.copies.Make(folder)
	if err != nil {
		return err
	}
	f.touched[folder] = true
	if staged == stagedCopy {
		return f.r.stage.Rename(staged, dir, name)
	}
	return f.r.stage.Link(staged, dir, name)
}

// nameFile moves the staged file to its place in files/ and notes its index entry.
func (f *follow) nameFile(v *Version, path string) error {
	folder, name := split(path)
	dir, err := f.files.Make(folder)
	if err != nil {
		return fmt.Errorf("%s is in the way: %w", quote("files"), err)
	}
	f.touched[folder] = true
	err = f.r.stage.Rename(stagedFile, dir, name)
	if errors.Is(err, unix.EISDIR) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) {
		if err := dir.RemoveDir(name); err != nil {
			return err
		}
		err = f.r.stage.Rename(stagedFile, dir, name)
	}
	if err != nil {
		return err
	}
	st, err := dir.Lstat(name)
	if err != nil {
		return err
	}
	f.changes = append(f.changes, gitindex.Change{Path: path, Mode: uint32(TreeMode(&v.Record)), ID: v.Blob, Stat: indexStat(st)})
	return nil
}

const sparseBlock = 64 << 10

// copySparse copies src to dst and leaves holes where a whole block is zero.
func copySparse(dst *durable.File, src io.Reader) error {
	buf := make([]byte, sparseBlock)
	zeros := make([]byte, sparseBlock)
	var size, hole int64
	for {
		n, err := io.ReadFull(src, buf)
		size += int64(n)
		switch {
		case n == len(buf) && bytes.Equal(buf, zeros):
			hole += int64(n)
		case n > 0:
			if hole > 0 {
				if _, err := dst.Seek(hole, io.SeekCurrent); err != nil {
					return err
				}
				hole = 0
			}
			if _, err := dst.Write(buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if hole > 0 {
		return dst.Truncate(size)
	}
	return nil
}
