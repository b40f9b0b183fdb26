package projection

import (
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/ownpacks"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// writer writes versions to files/ and copies/, one after the other. Several may work on one
// update.
type writer struct {
	inputs
	files, copies *durable.Walker
	staged, clone string // names in the stage, where a version is made ready
	buf           []byte // of durable.SparseBlock bytes
	space         spaceWatch
	warn          func(path, msg string, what refusal.Remedy)

	changes       []index.Change
	folders       []string // written in, where files are synced one by one
	unwritten     runstate.Unwritten
	copiesWritten int
}

// inputs is what all writers of an update are given.
type inputs struct {
	p           *Projection
	contents    *ownpacks.Contents // of versions, in memory; nil: none
	hasIndex    bool               // the index is locked: files/ may be written
	atBase      bool               // the work tree is up to date with the job's base
	there       map[string]bool    // of the update
	each        bool               // files are synced one by one
	removeFirst bool               // what is replaced may be removed first

	collisionsBefore, collisions map[string]string // of the update
	copying, fullReported        *atomic.Bool      // of the update
	spaceShort                   *atomic.Bool      // of the update
	filesLeft                    *atomic.Int64     // of the update

	base object.ID // the commit that the work tree was up to date with; zero: none, or not known
}

func (u *update) newWriter(n int, warn func(path, msg string, what refusal.Remedy)) *writer {
	each := u.durability == eachFile
	return &writer{
		inputs: inputs{p: u.p, contents: u.Contents, hasIndex: u.Index.Held(), atBase: u.Start == atBase, there: u.there, each: each, removeFirst: u.Marked && !each,
			collisionsBefore: u.collisionsBefore, collisions: u.collisions, copying: &u.copying, fullReported: &u.fullReported, spaceShort: &u.spaceShort, filesLeft: &u.filesLeft, base: u.Base},
		files: durable.NewWalker(u.p.Folder), copies: durable.NewWalker(u.p.Folder), buf: make([]byte, durable.SparseBlock),
		staged: fmt.Sprintf("file%d", n), clone: fmt.Sprintf("copy%d", n), warn: warn}
}

func (w *writer) close() {
	w.files.Close()
	w.copies.Close()
}

// write writes one version's copy and, where it is the newest, its place in files/. What fails is
// warned of and listed.
func (w *writer) write(v *record.Version, newest bool) {
	path, err := record.TreePath(&v.Record)
	if err != nil {
		w.report(v.Source, "cannot be placed", err) // nor by another run
		return
	}
	place := newest && w.hasIndex
	if !v.HasContent() {
		switch {
		case !place:
		case w.collisionsBefore[path] != "": // what is there belongs to another path
			w.changes = append(w.changes, index.Change{Path: path, Remove: true})
		default:
			w.remove(path, v)
		}
		return
	}
	if has := w.collisions[path]; has != "" {
		w.reportCollision(v, path, has, place)
		place = false
	}
	var file *target
	if place {
		w.filesLeft.Add(-1)
		if file, err = w.writeFile(v, path); err != nil {
			file, err = nil, errors.Join(err, w.p.Stage.Remove(w.staged))
		}
	}
	if v.Copy != "" && w.copying.Load() && w.mayCopy() {
		if cerr := w.writeCopy(v, file); cerr != nil {
			w.failCopy(v, errors.Join(cerr, w.p.Stage.Remove(w.clone)))
		} else {
			w.copiesWritten++
		}
	}
	if file != nil {
		err = w.noteChange(v, path, file)
	}
	if err != nil {
		w.failFile(v, "could not be written", err)
	} else if former := record.FormerPath(&v.Record); place && former != "" && !v.Previous.IsZero() {
		w.removeFormer(former, v)
	}
}

// removeFormer removes a source's file from the former place that it had at the base, or in its
// version before.
func (w *writer) removeFormer(path string, v *record.Version) {
	for _, at := range []object.ID{w.base, v.Previous} {
		if at.IsZero() {
			continue
		}
		root, err := w.p.TreeOf(at)
		if err != nil {
			return // verify says so
		}
		if e, there, err := object.Lookup(w.p.Store.ReadTree, root, path); err == nil && there && !e.Mode.IsTree() {
			w.remove(path, v)
			return
		}
	}
}

// mayCopy tells whether there is space for a copy. Where there is none, no more are written.
func (w *writer) mayCopy() bool {
	if w.space.suffices(w.p, w.filesLeft.Load()) {
		return true
	}
	w.spaceShort.Store(true)
	w.copying.Store(false)
	return false
}

// noteChange lists what the index is to say of the file at a place in files/. A hard link that was
// made of it has changed its ctime before.
func (w *writer) noteChange(v *record.Version, path string, file *target) error {
	st, err := file.dir.Lstat(file.name)
	if err == nil {
		w.changes = append(w.changes, index.Change{Path: path, Mode: uint32(record.TreeMode(&v.Record)), ID: v.Blob, Stat: indexStat(st)})
	}
	return err
}

// failFile lists and reports a version whose place in files/ could not be written.
func (w *writer) failFile(v *record.Version, what string, err error) {
	if w.report(v.Source, what, err) {
		w.unwritten.Files = append(w.unwritten.Files, runstate.UnwrittenVersion{Commit: v.Commit, Source: v.Source})
	}
}

// failCopy lists and reports a version whose copy could not be written. Where the others will fail
// as well, no more copies are written.
func (w *writer) failCopy(v *record.Version, err error) {
	if !durable.IsBadName(err) && !durable.IsMissing(err) && !durable.IsObstructed(err) {
		w.copying.Store(false)
	}
	if w.report(v.Source, "has no copy", err) {
		w.unwritten.Copies = append(w.unwritten.Copies, runstate.UnwrittenVersion{Commit: v.Commit, Source: v.Source})
	}
}

// report warns of what failed, and tells whether another attempt may do better. A full disk, which
// the rest will meet too, is warned of once, and ends the writing of copies.
func (w *writer) report(source, what string, err error) (retry bool) {
	if durable.IsBadName(err) {
		w.warn(source, what+" beside the history: this file system cannot have its name", refusal.Remedy{Kind: refusal.ShowVersion})
		return false
	}
	if durable.IsFull(err) {
		w.copying.Store(false)
		if w.fullReported.Swap(true) {
			return true
		}
		source, what = w.p.Path, "has no free space: some files could not be written"
	}
	remedy := w.p.Remedy(refusal.NextRunWrites, "")
	if durable.IsObstructed(err) {
		remedy = w.p.Remedy(refusal.MoveAsideByRepair, "")
	}
	w.warn(source, what+" beside the history: "+durable.Reason(err), remedy)
	return true
}

// remove removes a deleted source's file from files/. A folder in its place is not its file: it
// belongs to sources below it, or is foreign.
func (w *writer) remove(path string, v *record.Version) {
	folder, name := layout.Split(path)
	dir, err := w.files.Dir(folder)
	if err == nil {
		if err = dir.Remove(name); err != nil {
			if st, serr := dir.Lstat(name); serr == nil && st.IsDir() {
				err = nil
			}
		}
	}
	if err == nil {
		err = w.files.Prune(folder)
	}
	w.noteFolder(folder)
	if err != nil && !durable.IsMissing(err) {
		w.failFile(v, "could not be removed", err)
		return
	}
	w.changes = append(w.changes, index.Change{Path: path, Remove: true})
}

// writeFile writes a version to files/, which must stay readable to its owner, and returns the
// file.
func (w *writer) writeFile(v *record.Version, path string) (*target, error) {
	own := *v // as it stands in files/
	own.Mode |= 0o400
	folder, name := layout.Split(path)
	dir, err := w.files.Make(folder)
	if err != nil {
		return nil, fmt.Errorf("%s is in the way: %w", record.Quote("files"), err)
	}
	w.noteFolder(folder)
	at := target{dir, name}
	make := func(at target) error { return w.makeFile(&own, at) }
	if v.Event == record.Added && w.atBase && !w.there[v.Source] {
		if err = make(at); errors.Is(err, fs.ErrExist) {
			if err = w.moveForeignAside(v, at); err == nil {
				err = w.putFile(at, w.staged, make)
			}
		}
	} else {
		err = w.putFile(at, w.staged, make)
	}
	return &at, err
}

// moveForeignAside moves away what has the place of a source that was not there before. It is
// foreign, and perhaps nowhere else; git would not overwrite it either.
func (w *writer) moveForeignAside(v *record.Version, at target) error {
	st, err := at.dir.Lstat(at.name)
	if err != nil || st.IsDir() { // an empty folder is replaced
		return err
	}
	aside, err := durable.MoveAside(at.dir, at.name)
	if err == nil {
		w.warn(v.Source, "had its place in files/ taken by a foreign file", w.p.Remedy(refusal.FindMovedFile, at.dir.Path(aside)))
	}
	return err
}

// writeCopy writes a version's copy. It shares the storage of the version's file in files/, unless
// from is nil or a copy has fewer permissions: by reflink, or else as a hard link. Where the file
// system has neither, the copy is a file of its own. A file that has the name already is an earlier
// attempt at this version.
func (w *writer) writeCopy(v *record.Version, from *target) error {
	folder, name := layout.Split(v.Copy)
	w.noteFolder(folder)
	into := w.copies.Make
	if v.Previous.IsZero() {
		into = w.copies.MakeNew
	}
	dir, err := into(folder)
	if err != nil {
		return err
	}
	at := target{dir, name}
	if from != nil && (v.Link || v.Mode&0o400 != 0) {
		if w.putFile(at, w.clone, func(at target) error { return w.reflink(v, *from, at) }) == nil {
			return nil
		}
		if w.putFile(at, w.clone, func(at target) error { return from.dir.Link(from.name, at.dir, at.name) }) == nil {
			return nil
		}
	}
	return w.putFile(at, w.clone, func(at target) error { return w.makeFile(v, at) })
}

func (w *writer) noteFolder(folder string) {
	if w.each {
		w.folders = append(w.folders, folder)
	}
}

// reportCollision names a version whose place another path has. Its index entry is kept, so that a
// commit by hand does not delete it.
func (w *writer) reportCollision(v *record.Version, path, has string, place bool) {
	w.warn(v.Source, "has no place of its own in files/: on this file system its name is that of "+record.Quote(has),
		refusal.Remedy{Kind: refusal.ShowVersion})
	if place {
		w.changes = append(w.changes, index.Change{Path: path, Mode: uint32(record.TreeMode(&v.Record)), ID: v.Blob})
	}
}
