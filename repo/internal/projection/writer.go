package projection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/refusal"

	"golang.org/x/sys/unix"
)

// reportCollision names a version whose place another has. Its index entry is kept, so that a
// commit by hand does not delete it.
func (p *Placer) reportCollision(v *record.Version, path, has string, place bool) {
	p.warn(v.Source, "has no place of its own in files/: on this file system its name is that of "+record.Quote(has),
		refusal.Remedy{Kind: refusal.ShowVersion})
	if place {
		p.changes = append(p.changes, index.Change{Path: path, Mode: uint32(record.TreeMode(&v.Record)), ID: v.Blob})
	}
}

// makeLink makes a link, or the file that stands for one.
func (p *Placer) makeLink(target string, at target) error {
	if p.p.HasSymlinks() {
		return at.dir.Symlink(target, at.name)
	}
	f, err := at.dir.Create(at.name)
	if err != nil {
		return err
	}
	_, err = f.WriteString(target)
	if err == nil && p.each {
		err = f.Sync()
	}
	return p.orRemove(at, errors.Join(err, f.Close()))
}

// Placer writes versions, one after the other, for a follow; several may be at work for the same
// one.
type Placer struct {
	*Update
	files, copies *durable.Walker
	staged, clone string // names in the stage, where a version is made ready before it gets its names
	buf           []byte // of durable.SparseBlock bytes
	warn          func(path, msg string, what refusal.Remedy)

	changes []index.Change
	touched []string // folders written in, where they are synced one by one
	failed  int      // versions that could not be written, or removed
	stuck   int      // of them, those with something in their way
}

func (p *Placer) Close() {
	p.files.Close()
	p.copies.Close()
}

// Write lets one version's copy and, where it is the newest, its place in files/ follow. What fails
// is warned of.
func (p *Placer) Write(v *record.Version, newest bool) {
	path, err := record.TreePath(&v.Record)
	if err != nil {
		p.Fail(v.Source, "cannot be placed", err)
		return
	}
	place := newest && p.Index.Held()
	if v.Event == record.Deleted {
		switch {
		case !place:
		case p.collisionsBefore[path] != "": // what is there is another's
			p.changes = append(p.changes, index.Change{Path: path, Remove: true})
		default:
			p.Remove(path, v.Source)
		}
		return
	}
	if has := p.collisions[path]; has != "" {
		p.reportCollision(v, path, has, place)
		place = false
	}
	if !place && !p.Copying.Load() {
		return
	}
	if err := p.writeVersion(v, path, place); err != nil {
		p.Fail(v.Source, "could not be written", errors.Join(err, p.p.Stage.Remove(p.staged), p.p.Stage.Remove(p.clone)))
	}
}

// Fail warns of what failed; of a full disk once, since it is the same for all that is left to
// write. Copies yield then.
func (p *Placer) Fail(source, what string, err error) {
	if durable.IsBadName(err) {
		p.warn(source, what+" beside the history: this file system cannot have its name", refusal.Remedy{Kind: refusal.ShowVersion})
		return
	}
	p.failed++
	if durable.IsFull(err) {
		p.Copying.Store(false)
		if p.diskFull.Swap(true) {
			return
		}
		source, what = p.p.Path, "has no room: some files could not be written"
	}
	remedy := p.p.Remedy(refusal.NextRunWrites, "")
	if durable.IsObstructed(err) {
		p.stuck++
		remedy = p.p.Remedy(refusal.MoveAsideByRepair, "")
	}
	p.warn(source, what+" beside the history: "+durable.Reason(err), remedy)
}

func (p *Placer) Remove(path, source string) {
	folder, name := layout.Split(path)
	dir, err := p.files.Dir(folder)
	if err == nil {
		err = dir.Remove(name)
	}
	if err == nil {
		err = p.files.Prune(folder)
	}
	p.noteTouched(folder)
	if err != nil && !durable.IsMissing(err) {
		p.Fail(source, "could not be removed", err)
		return
	}
	p.changes = append(p.changes, index.Change{Path: path, Remove: true})
}

// writeVersion lets files/, where place is set, and copies/ have a version. The copy shares storage
// with files/ where modes allow: files/ must stay readable to its owner, a copy never has a
// permission more than its version.
func (p *Placer) writeVersion(v *record.Version, path string, place bool) error {
	copying := p.Copying.Load()
	if !place {
		return p.writeCopy(v, nil)
	}
	own := *v // as it stands in files/
	own.Mode |= 0o400
	folder, name := layout.Split(path)
	dir, err := p.files.Make(folder)
	if err != nil {
		return fmt.Errorf("%s is in the way: %w", record.Quote("files"), err)
	}
	p.noteTouched(folder)
	at := target{dir, name}
	make := func(at target) error { return p.makeFile(&own, at) }
	if v.Event == record.Added && p.upToDate {
		if err = make(at); errors.Is(err, fs.ErrExist) {
			if err = p.moveForeignAside(v, at); err == nil {
				err = p.putFile(at, p.staged, make)
			}
		}
	} else {
		err = p.putFile(at, p.staged, make)
	}
	if err != nil {
		return err
	}
	if copying {
		from := &at
		if !v.Link && own.Mode != v.Mode {
			from = nil
		}
		if err := p.writeCopy(v, from); err != nil {
			if !durable.IsBadName(err) && !durable.IsMissing(err) && !durable.IsObstructed(err) { // it is the same for all others
				p.Copying.Store(false)
			}
			p.Fail(v.Source, "has no copy", err)
		}
	}
	st, err := dir.Lstat(name)
	if err != nil {
		return err
	}
	p.changes = append(p.changes, index.Change{Path: path, Mode: uint32(record.TreeMode(&v.Record)), ID: v.Blob, Stat: indexStat(st)})
	return nil
}

// moveForeignAside moves away what has the place of a source that was not there before. It is
// somebody's own, and perhaps nowhere else; git, too, would not overwrite it.
func (p *Placer) moveForeignAside(v *record.Version, at target) error {
	st, err := at.dir.Lstat(at.name)
	if err != nil || st.IsDir() { // an empty folder is nobody's
		return err
	}
	aside, err := durable.VacantName(at.dir, at.name+".aside")
	if err == nil {
		err = at.dir.Rename(at.name, at.dir, aside)
	}
	if err == nil {
		p.warn(v.Source, "had its place in files/ taken by a file of somebody's own", p.p.Remedy(refusal.FindMovedFile, at.dir.Path(aside)))
	}
	return err
}

// putFile has a file made at a spot. Where something has the name already it is made in the stage,
// under the name staged, and takes the place of that; where many are written, which nobody can
// expect to see all at once, that is removed first: a file system that allocates late writes each
// file that takes the place of another to disk at once. A file that a kill leaves half made is made
// again with all that was to follow. Nor can one come from the stage where files/ or copies/ is a
// mount of its own: what has the name is removed there, too.
func (p *Placer) putFile(at target, staged string, make func(at target) error) error {
	err := make(at)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if p.mayRemoveFirst && !p.each && at.dir.Remove(at.name) == nil {
		return make(at)
	}
	if err := make(target{p.p.Stage, staged}); err != nil {
		return err
	}
	err = p.orRemove(target{p.p.Stage, staged}, p.replace(at, staged))
	if errors.Is(err, unix.EXDEV) && at.dir.Remove(at.name) == nil {
		return make(at)
	}
	return err
}

// replace gives the file staged a name that something has: a file, a link or an empty folder.
func (p *Placer) replace(at target, staged string) error {
	err := p.p.Stage.Rename(staged, at.dir, at.name)
	if errors.Is(err, unix.EISDIR) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) {
		if err = at.dir.RemoveDir(at.name); err == nil {
			err = p.p.Stage.Rename(staged, at.dir, at.name)
		}
	}
	return err
}

// writeCopy gives a version its name in copies/: a file that shares the storage of the one at from,
// unless that is nil, by reflink; else a second name of it; else (no links here) a file written for
// itself. What bears the name already is an earlier try of this version.
func (p *Placer) writeCopy(v *record.Version, from *target) error {
	folder, name := layout.Split(v.Copy)
	p.noteTouched(folder)
	into := p.copies.Make
	if v.Previous.IsZero() {
		into = p.copies.MakeNew
	}
	dir, err := into(folder)
	if err != nil {
		return err
	}
	at := target{dir, name}
	if from != nil {
		if p.putFile(at, p.clone, func(at target) error { return p.reflink(v, *from, at) }) == nil {
			return nil
		}
		if p.putFile(at, p.clone, func(at target) error { return from.dir.Link(from.name, at.dir, at.name) }) == nil {
			return nil
		}
	}
	return p.putFile(at, p.clone, func(at target) error { return p.makeFile(v, at) })
}

func (p *Placer) reflink(v *record.Version, old, at target) error {
	if v.Link || p.p.noReflink.Load() {
		return errors.ErrUnsupported
	}
	from, err := old.dir.Open(old.name)
	if err != nil {
		return err
	}
	defer from.Close()
	return p.create(v, at, func(to *durable.File) error {
		err := durable.Reflink(from, to)
		if err != nil {
			p.p.noReflink.Store(true)
		}
		return err
	})
}

// makeFile writes a version's content, mode and mtime to a new file or link.
func (p *Placer) makeFile(v *record.Version, at target) error {
	if !v.Link {
		return p.create(v, at, func(dst *durable.File) error { return p.writeContent(dst, v) })
	}
	_, target, err := p.p.Store.Read(v.Blob)
	if err == nil {
		err = p.makeLink(string(target), at)
	}
	if err != nil {
		return err
	}
	return p.orRemove(at, at.dir.SetMtime(at.name, v.Mtime))
}

// create makes a new file with a version's mode and mtime, and has it filled.
func (p *Placer) create(v *record.Version, at target, fill func(dst *durable.File) error) error {
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
	if err == nil && p.each {
		err = dst.Sync()
	}
	if cerr := dst.Close(); err == nil {
		err = cerr
	}
	return p.orRemove(at, err)
}

// orRemove removes what an error has left half made, or without its place.
func (p *Placer) orRemove(at target, err error) error {
	if err != nil {
		err = errors.Join(err, at.dir.Remove(at.name))
	}
	return err
}

// writeContent writes a version's bytes: in one piece where they are few.
func (p *Placer) writeContent(dst *durable.File, v *record.Version) error {
	if v.Size < durable.SparseBlock {
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
	return durable.CopySparse(dst, src, p.buf)
}

func (p *Placer) small(id object.ID) ([]byte, error) {
	if p.held != nil {
		if b, ok := p.held.get(id); ok {
			return b, nil
		}
	}
	return p.p.ReadBody(id)
}

func (p *Placer) content(id object.ID) (io.ReadCloser, error) {
	if p.held != nil {
		if b, ok := p.held.get(id); ok {
			return io.NopCloser(bytes.NewReader(b)), nil
		}
	}
	src, _, err := p.p.Store.Stream(id)
	return src, err
}

func (p *Placer) noteTouched(folder string) {
	if p.each {
		p.touched = append(p.touched, folder)
	}
}

// Finish puts what was written on disk and lets the index follow.
func (p *Placer) Finish() error {
	f := p.Update
	f.addUp(p)
	if err := f.sync(); err != nil {
		return err
	}
	if len(f.changes) == 0 {
		return nil
	}
	return f.remakeIndex(f.finish(), !f.incomplete)
}

// target is a name in a folder.
type target struct {
	dir  *durable.Dir
	name string
}

// chmod gives a new file its mode where the umask, or what the folder says of new files, did not
// let it have that. A file system without modes is left at that.
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

// Rewriter is a placer that writes single versions again. The work tree is in step with tip
// already, as far as it is said to be; a mark of unfinished work stays.
func (r *Projection) Rewriter(ctx context.Context, tip object.ID, index *IndexLock) (*Placer, error) {
	_, behind, err := r.Behind(tip)
	if err == nil && !behind {
		err = r.flush()
	}
	if err != nil {
		return nil, err
	}
	f := &Update{p: r, ctx: ctx, base: tip, tip: tip, Index: index, incomplete: behind, warn: r.Opts.Warn}
	if f.collisions, err = r.Collisions(tip); err != nil {
		return nil, err
	}
	return f.newPlacer(0, r.Opts.Warn), nil
}
