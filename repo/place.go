package repo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/gitindex"
	"timemachine/repo/layout"
	"timemachine/repo/object"
	"timemachine/repo/record"
)

// gone tells whether a name, or the way to it, is not there.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

// placer writes versions, one after the other, for a follow; several may be at work for the same one.
type placer struct {
	*follow
	files, copies *durable.Walker
	staged, clone string // names in the stage, where a version is made ready before it gets its names
	buf           []byte // of sparseBlock bytes
	warn          func(path, msg, hint string)

	changes []gitindex.Change
	touched []string // folders written in, where they are synced one by one
	failed  int      // versions that could not be written, or removed
}

func (f *follow) newPlacer(n int, warn func(path, msg, hint string)) *placer {
	return &placer{follow: f, files: durable.NewWalker(f.r.root), copies: durable.NewWalker(f.r.root), buf: make([]byte, sparseBlock),
		staged: fmt.Sprintf("file%d", n), clone: fmt.Sprintf("copy%d", n), warn: warn}
}

func (p *placer) close() {
	p.files.Close()
	p.copies.Close()
}

// version lets one version's copy and, where it is the newest, its place in files/ follow. What fails is warned of.
func (p *placer) version(v *Version, newest bool) {
	path, err := layout.TreePath(v.Source)
	if err != nil {
		p.fail(v.Source, "cannot be placed", err)
		return
	}
	place := newest && p.index.held()
	if v.Event == record.Deleted {
		if place {
			p.remove(path, v.Source)
		}
		return
	}
	if has := p.taken[path]; has != "" {
		p.crowd(v, path, has, place)
		return
	}
	if !place && !p.copying.Load() {
		return
	}
	if err := p.write(v, path, place); err != nil {
		p.fail(v.Source, "could not be written", errors.Join(err, p.r.stage.Remove(p.staged), p.r.stage.Remove(p.clone)))
	}
}

// fail warns of what failed; of a full disk once, since it is the same for all that is left to write. Copies yield then.
func (p *placer) fail(source, what string, err error) {
	if noName(err) {
		p.warn(source, what+" beside the history: this file system cannot have its name", "it is recorded: git show, and timemachine show, have it")
		return
	}
	p.failed++
	if noRoom(err) {
		p.copying.Store(false)
		if p.crowded.Swap(true) {
			return
		}
		source, what = p.r.dest, "has no room: some files could not be written"
	}
	p.warn(source, what+" beside the history: "+cause(err), "the version is recorded; the next run tries again")
}

// cause is an error's reason without the names in it, which the message gives already.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func (p *placer) remove(path, source string) {
	folder, name := split(path)
	dir, err := p.files.Dir(folder)
	if err == nil {
		err = dir.Remove(name)
	}
	if err == nil {
		err = p.files.Prune(folder)
	}
	p.touch(folder)
	if err != nil && !gone(err) {
		p.fail(source, "could not be removed", err)
		return
	}
	p.changes = append(p.changes, gitindex.Change{Path: path, Remove: true})
}

func split(path string) (folder, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// write makes a version's file in the stage and gives it its names. The copy shares storage with files/ where modes
// allow: files/ must stay readable to its owner, a copy never has a permission more than its version.
func (p *placer) write(v *Version, path string, place bool) error {
	own := *v // as it stands in files/
	own.Mode |= 0o400
	copying := p.copying.Load()
	switch {
	case place && copying && (v.Link || own.Mode == v.Mode):
		return p.both(v, path)
	case place && copying:
		return errors.Join(p.copyOnly(v), p.placeOnly(&own, path))
	case place:
		return p.placeOnly(&own, path)
	}
	return p.copyOnly(v)
}

func (p *placer) copyOnly(v *Version) error {
	if err := p.stageVersion(v, p.clone); err != nil {
		return err
	}
	return p.nameCopy(v)
}

func (p *placer) placeOnly(v *Version, path string) error {
	if err := p.stageVersion(v, p.staged); err != nil {
		return err
	}
	return p.nameFile(v, path)
}

// both makes one file and two names of it; a clone of its own for the copy where the file system shares storage so.
func (p *placer) both(v *Version, path string) error {
	if err := p.stageVersion(v, p.staged); err != nil {
		return err
	}
	if err := p.share(v); err != nil {
		if !noName(err) && !gone(err) { // it is the same for all others
			p.copying.Store(false)
		}
		p.fail(v.Source, "has no copy", err)
	}
	return p.nameFile(v, path)
}

// share gives the version that is staged its name in copies/: a second file by reflink, else a second name, else (no
// links here, or somebody's file has the name) a file written again.
func (p *placer) share(v *Version) error {
	if p.reflink(v) == nil {
		return p.nameCopy(v)
	}
	dir, name, err := p.copyPlace(v)
	if err != nil {
		return err
	}
	err = p.r.stage.Link(p.staged, dir, name)
	if err == nil {
		return nil
	}
	if !errors.Is(err, fs.ErrExist) || p.r.stage.Link(p.staged, p.r.stage, p.clone) != nil {
		if err := p.stageVersion(v, p.clone); err != nil {
			return err
		}
	}
	return p.nameCopy(v)
}

func (p *placer) reflink(v *Version) error {
	if v.Link || p.r.noReflink.Load() {
		return errors.ErrUnsupported
	}
	from, err := p.r.stage.Open(p.staged)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := p.r.stage.Create(p.clone)
	if err != nil {
		return err
	}
	defer to.Close()
	err = durable.Reflink(from, to)
	if err != nil {
		p.r.noReflink.Store(true)
	} else if err = p.finishFile(to, v, p.clone); err == nil {
		return nil
	}
	return errors.Join(err, p.r.stage.Remove(p.clone))
}

// stageVersion writes a version's content, mode and mtime to a file or link in the stage.
func (p *placer) stageVersion(v *Version, name string) error {
	if v.Link {
		return p.stageLink(v, name)
	}
	dst, err := p.r.stage.Create(name)
	if err != nil {
		return err
	}
	defer dst.Close()
	if err := p.writeContent(dst, v); err != nil {
		return err
	}
	return p.finishFile(dst, v, name)
}

// writeContent writes a version's bytes: in one piece where they are few.
func (p *placer) writeContent(dst *durable.File, v *Version) error {
	if v.Size < sparseBlock {
		body, err := p.small(v.Blob)
		if err == nil {
			_, err = dst.Write(body)
		}
		return err
	}
	src, err := p.content(v.Blob)
	if err != nil {
		return err
	}
	defer src.Close()
	return copySparse(dst, src, p.buf)
}

func (p *placer) small(id object.ID) ([]byte, error) {
	if p.held != nil {
		if b, ok := p.held.get(id); ok {
			return b, nil
		}
	}
	return p.r.body(id)
}

func (p *placer) finishFile(dst *durable.File, v *Version, name string) error {
	if err := dst.Chmod(fs.FileMode(v.Mode & 0o777)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if err := p.r.stage.SetMtime(name, v.Mtime); err != nil {
		return err
	}
	if p.each {
		return dst.Sync()
	}
	return nil
}

func (p *placer) stageLink(v *Version, name string) error {
	_, target, err := p.r.store.Read(v.Blob)
	if err != nil {
		return err
	}
	if err := p.makeLink(string(target), name); err != nil {
		return err
	}
	return p.r.stage.SetMtime(name, v.Mtime)
}

func (p *placer) content(id object.ID) (io.ReadCloser, error) {
	if p.held != nil {
		if b, ok := p.held.get(id); ok {
			return io.NopCloser(bytes.NewReader(b)), nil
		}
	}
	src, _, err := p.r.store.Stream(id)
	return src, err
}

// nameCopy gives the clone in the stage its name in copies/; whatever bears the name already is an earlier try of this
// version.
func (p *placer) nameCopy(v *Version) error {
	dir, name, err := p.copyPlace(v)
	if err != nil {
		return err
	}
	return p.r.stage.Rename(p.clone, dir, name)
}

// copyPlace makes the folder of a version's copy.
func (p *placer) copyPlace(v *Version) (*durable.Dir, string, error) {
	folder, name := split(v.Copy)
	p.touch(folder)
	dir, err := p.copies.Make(folder)
	return dir, name, err
}

func (p *placer) touch(folder string) {
	if p.each {
		p.touched = append(p.touched, folder)
	}
}

// nameFile moves the staged file to its place in files/ and notes its index entry.
func (p *placer) nameFile(v *Version, path string) error {
	folder, name := split(path)
	dir, err := p.files.Make(folder)
	if err != nil {
		return fmt.Errorf("%s is in the way: %w", quote("files"), err)
	}
	p.touch(folder)
	err = p.r.stage.Rename(p.staged, dir, name)
	if errors.Is(err, unix.EISDIR) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) {
		if err := dir.RemoveDir(name); err != nil {
			return err
		}
		err = p.r.stage.Rename(p.staged, dir, name)
	}
	if err != nil {
		return err
	}
	st, err := dir.Lstat(name)
	if err != nil {
		return err
	}
	p.changes = append(p.changes, gitindex.Change{Path: path, Mode: uint32(TreeMode(&v.Record)), ID: v.Blob, Stat: indexStat(st)})
	return nil
}

const sparseBlock = 64 << 10

var zeroBlock [sparseBlock]byte

// copySparse copies src to dst through buf and leaves holes where a whole block is zero.
func copySparse(dst *durable.File, src io.Reader, buf []byte) error {
	var size, hole int64
	for {
		n, err := io.ReadFull(src, buf)
		size += int64(n)
		switch {
		case n == len(buf) && bytes.Equal(buf, zeroBlock[:]):
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
