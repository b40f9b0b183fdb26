package projection

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/refusal"
)

const indexWait = time.Second

// IndexLock is git's lock of the index, and the index as it was. It may be not held: another
// program has the lock, or the work tree.
type IndexLock struct {
	*durable.Lock
	old    []byte // mapped; nil where there was none
	unread error  // why old could not be read
	ahead  *index.Ahead
}

// Held tells whether the lock was taken and is not yet released.
func (l *IndexLock) Held() bool { return l.Lock != nil }

// Release gives the lock up, and leaves the index as it was. It does nothing where the lock is not
// held.
func (l *IndexLock) Release() {
	if l.Lock != nil {
		l.Lock.Abort()
		l.Lock = nil
		l.unmapIndex()
	}
}

// commit puts what was written in the place of the index, on disk: without an index that is whole
// git does nothing.
func (l *IndexLock) commit() error {
	lock := l.Lock
	l.Lock = nil
	defer l.unmapIndex()
	return lock.Commit()
}

// mapIndex maps the index as it is and begins to read it.
func (l *IndexLock) mapIndex(r *Projection) {
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

// moveDamagedAside keeps a damaged index under another name. Another one is made from the history.
func (l *IndexLock) moveDamagedAside(r *Projection) error {
	err := r.StateDir.Remove("index.damaged") // or nothing is renamed, if both are one file
	if err == nil {
		err = r.Git.Rename("index", r.StateDir, "index.damaged")
	}
	if err != nil && !durable.IsMissing(err) {
		return err
	}
	r.Opts.Warn(r.Git.Path("index"), r.IndexFlaw.Error()+": it is made anew from the history",
		r.Remedy(refusal.FindDamagedIndex, r.StateDir.Path("index.damaged")))
	r.IndexFlaw, l.unread = nil, nil
	l.unmapIndex()
	l.ahead = index.LookAhead(nil)
	return nil
}

// unmapIndex unmaps the old index. The system frees its blocks then, which takes time: it is done
// in the background.
func (l *IndexLock) unmapIndex() {
	old := l.old
	if l.old = nil; len(old) == 0 {
		return
	}
	l.ahead.Wait()
	go durable.Unmap(old)
}

// TakeIndex takes git's lock of the index, before the branch moves: a git commit in between would
// undo a version. The lock is not taken, with a warning, where another program holds it, and where
// the work tree is another program's to change.
func (r *Projection) TakeIndex() (*IndexLock, error) {
	if why := r.ForeignWork(); why != "" {
		r.Opts.Warn(r.Path, "files/ and the index are left as they are: "+why, r.WorkRemedy())
		return &IndexLock{}, nil
	}
	lock, err := r.Git.TakeLock("index", r.Stage, indexWait)
	var held *durable.LockedError
	if errors.As(err, &held) {
		r.Opts.Warn(held.Path, "the index is locked by another git", refusal.Remedy{Kind: refusal.RemoveIndexLock})
		return &IndexLock{}, nil
	}
	if err != nil {
		return nil, err
	}
	l := &IndexLock{Lock: lock}
	l.mapIndex(r)
	return l, nil
}

// CheckIndex sets IndexFlaw: whether git can read the index.
func (r *Projection) CheckIndex() error {
	r.IndexFlaw = nil
	file, err := r.Git.Open("index")
	if err != nil {
		return nil // there is none, or writing it will say why
	}
	defer file.Close()
	b, err := mapIndex(file)
	var damaged *index.DamagedError
	if errors.As(err, &damaged) {
		r.IndexFlaw = damaged
		return nil
	}
	if err != nil {
		return err
	}
	if b == nil {
		r.IndexFlaw = index.Flaw(nil)
		return nil
	}
	defer durable.Unmap(b)
	return durable.Guard(func() error {
		r.IndexFlaw = index.Flaw(b)
		return nil
	})
}

// ReadIndex reads the whole index. Errors: those of index.Parse and of the file system.
func (r *Projection) ReadIndex() (read *index.Index, err error) {
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

// IndexRemedy says what to do about an index that could not be written or read.
func (r *Projection) IndexRemedy(err error) refusal.Remedy {
	switch {
	case errors.Is(err, index.ErrSplit):
		return r.Remedy(refusal.UnsplitIndex, "")
	case errors.Is(err, index.ErrSparse):
		return r.Remedy(refusal.UnsparseIndex, "")
	}
	return r.Remedy(refusal.NextRunRetries, "")
}

func indexStat(st durable.Stat) index.Stat {
	return index.Stat{CtimeSec: st.Ctime.Sec, CtimeNsec: uint32(st.Ctime.Nsec), MtimeSec: st.Mtime.Sec, MtimeNsec: uint32(st.Mtime.Nsec),
		Dev: st.Dev, Ino: st.Ino, UID: st.UID, GID: st.GID, Size: st.Size}
}

// maxIndex is the largest index that is read, in bytes.
const maxIndex = 4 << 30
