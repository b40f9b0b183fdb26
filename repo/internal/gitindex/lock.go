package gitindex

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/refusal"
)

const indexWait = time.Second

// Lock is git's lock of the index, and the index as it was. It may be not held: another program has
// the lock, or the work tree.
type Lock struct {
	*durable.Lock
	old    []byte // mapped; nil where there was none
	unread error  // why old could not be read
	ahead  *index.Ahead
	behind *behind // nil: nothing was put off
	most   int     // changes that are put off
}

// behind is what the parts of a run before the present one have put off.
type behind struct {
	base    object.ID // the index is up to date with it
	changes []index.Change
	left    Left
}

// Left is what an update that puts the index off leaves undone beside it.
type Left struct {
	Pending  bool // files/ or the lists of what is not written are not up to date
	Unsynced bool // what it wrote is left to the system
}

// maxBehind is how many changes are put off at most, unless Index.MaxBehind says otherwise: it
// bounds the memory.
const maxBehind = 1 << 15

// Held tells whether the lock was taken and is not yet released.
func (l *Lock) Held() bool { return l.Lock != nil }

// IsMissing tells whether there was no index when the lock was taken.
func (l *Lock) IsMissing() bool { return l.Held() && l.old == nil && l.unread == nil }

// IsBehind tells whether changes were put off.
func (l *Lock) IsBehind() bool { return l.behind != nil }

// Base is the commit that the index is up to date with, where the update at hand begins at base.
func (l *Lock) Base(base object.ID) object.ID {
	if l.behind != nil {
		return l.behind.base
	}
	return base
}

// Left is what the updates before the one at hand have left undone.
func (l *Lock) Left() Left {
	if l.behind == nil {
		return Left{}
	}
	return l.behind.left
}

// PutOff keeps the changes of an update from base on for the next [Lock.BringTo]: it is false where
// there are too many.
func (l *Lock) PutOff(base object.ID, changes []index.Change, left Left) bool {
	before := l.Left()
	b := &behind{base: l.Base(base), left: Left{left.Pending || before.Pending, left.Unsynced || before.Unsynced}}
	if l.behind != nil {
		b.changes = l.behind.changes
	}
	if len(b.changes)+len(changes) > l.most {
		return false
	}
	b.changes = append(b.changes, changes...)
	l.behind = b
	l.forget()
	return true
}

// BringTo brings the index up to date with tip by what was put off and by the changes, and gives
// the lock up unless it fails. A damaged index is an *index.DamagedError.
func (l *Lock) BringTo(r *Index, changes []index.Change, tip object.ID) error {
	if l.unread != nil {
		return l.unread
	}
	if l.behind != nil {
		changes = append(l.behind.changes, changes...)
	}
	if len(changes) == 0 && l.old != nil {
		return nil
	}
	root, err := r.TreeOf(tip)
	if err != nil {
		return err
	}
	r.Store.Trim()
	trees := object.NewFolderLookup(l.readTrees(r), root).Tree
	if err := durable.Guard(func() error { return l.ahead.Update(l, changes, trees) }); err != nil {
		return err
	}
	return l.commit()
}

// readTrees returns a function that reads trees, and gives back the memory of the packs and of the
// old index now and then: much else is in memory while an index is made.
func (l *Lock) readTrees(r *Index) func(object.ID) ([]byte, error) {
	read := 0
	return func(id object.ID) ([]byte, error) {
		if read%treesInMemory == 0 {
			r.Store.Trim()
			l.forget()
		}
		read++
		return r.Store.ReadTree(id)
	}
}

// treesInMemory is after how many trees. The system reads 64 KiB around each.
const treesInMemory = 32

// forget gives back the memory of the old index, until it is read again.
func (l *Lock) forget() { durable.ForgetPages(l.old, 0, int64(len(l.old))) }

// Release gives the lock up, and leaves the index as it was. It does nothing where the lock is not
// held.
func (l *Lock) Release() {
	if l.Lock != nil {
		l.Lock.Abort()
		l.Lock = nil
		l.unmapIndex()
	}
}

// commit puts what was written in the place of the index, on disk: without an index that is whole
// git does nothing.
func (l *Lock) commit() error {
	lock := l.Lock
	l.Lock = nil
	defer l.unmapIndex()
	return lock.Commit()
}

// mapIndex maps the index as it is and begins to read it.
func (l *Lock) mapIndex(r *Index) {
	file, err := r.Git.Open("index")
	if err == nil {
		defer file.Close()
		l.old, err = mapIndex(file)
		if err == nil && l.old == nil {
			l.old = []byte{} // there, but empty: damage
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		l.unread = err
	}
	l.ahead = index.LookAhead(l.old)
}

// MoveDamagedAside keeps a damaged index under another name. Another one is made from the history.
func (l *Lock) MoveDamagedAside(r *Index) error {
	err := r.StateDir.Remove("index.damaged") // or nothing is renamed, if both are one file
	if err == nil {
		err = r.Git.Rename("index", r.StateDir, "index.damaged")
	}
	if err != nil && !durable.IsMissing(err) {
		return err
	}
	r.Opts.Warn(r.Git.Path("index"), r.Flaw.Error()+": it is made anew from the history",
		r.Remedy(refusal.FindDamagedIndex, r.StateDir.Path("index.damaged")))
	r.Flaw, l.unread = nil, nil
	l.unmapIndex()
	l.ahead = index.LookAhead(nil)
	return nil
}

// unmapIndex unmaps the old index. The system frees its blocks then, which takes time: it is done
// in the background.
func (l *Lock) unmapIndex() {
	old := l.old
	if l.old = nil; len(old) == 0 {
		return
	}
	l.ahead.Wait()
	go durable.Unmap(old)
}

// Take takes git's lock of the index, before the branch moves: a git commit in between would
// undo a version. The lock is not taken, with a warning, where another program holds it, and where
// the work tree is another program's to change.
func (r *Index) Take() (*Lock, error) {
	if why := r.ForeignWork(); why != "" {
		r.Opts.Warn(r.Path, "files/ and the index are left as they are: "+why, r.WorkRemedy())
		return &Lock{}, nil
	}
	lock, err := r.Git.TakeLock("index", r.Stage, indexWait)
	var held *durable.LockedError
	if errors.As(err, &held) {
		r.Opts.Warn(held.Path, "the index is locked by another git", refusal.Remedy{Kind: refusal.RemoveIndexLock})
		return &Lock{}, nil
	}
	if err != nil {
		return nil, err
	}
	l := &Lock{Lock: lock, most: cmp.Or(r.MaxBehind, maxBehind)}
	l.mapIndex(r)
	return l, nil
}

// Check sets Flaw: whether git can read the index.
func (r *Index) Check() error {
	r.Flaw = nil
	file, err := r.Git.Open("index")
	if err != nil {
		return nil // there is none, or writing it will say why
	}
	defer file.Close()
	b, err := mapIndex(file)
	var damaged *index.DamagedError
	if errors.As(err, &damaged) {
		r.Flaw = damaged
		return nil
	}
	if err != nil {
		return err
	}
	if b == nil {
		r.Flaw = index.Flaw(nil)
		return nil
	}
	defer durable.Unmap(b)
	return durable.Guard(func() error {
		r.Flaw = index.Flaw(b)
		return nil
	})
}

// Read reads the whole index. Errors: those of index.Parse and of the file system.
func (r *Index) Read() (read *index.Index, err error) {
	file, err := r.Git.Open("index")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := mapIndex(file)
	if err != nil {
		return nil, err
	}
	defer durable.Unmap(b)
	err = durable.Guard(func() (err error) {
		read, err = index.Parse(b)
		return err
	})
	return read, err
}

// mapIndex maps the index. One that is larger than any index, or mostly a hole, is a
// *index.DamagedError.
func mapIndex(file *os.File) ([]byte, error) {
	b, err := durable.MapFile(file)
	switch {
	case errors.Is(err, durable.ErrHole):
		err = &index.DamagedError{Reason: durable.ErrHole.Error()}
	case len(b) > maxIndex:
		durable.Unmap(b)
		b, err = nil, &index.DamagedError{Reason: "larger than any index"}
	}
	return b, err
}

// WriteRemedy says what to do about an index that could not be written or read.
func (r *Index) WriteRemedy(err error) refusal.Remedy {
	switch {
	case errors.Is(err, index.ErrSplit):
		return r.Remedy(refusal.UnsplitIndex, "")
	case errors.Is(err, index.ErrSparse):
		return r.Remedy(refusal.UnsparseIndex, "")
	}
	return r.Remedy(refusal.NextRunRetries, "")
}

// maxIndex is the largest index that is read, in bytes.
const maxIndex = 4 << 30
