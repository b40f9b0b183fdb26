package repo

import (
	"errors"
	"io/fs"
	"time"
	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/record"
)

const indexWait = time.Second

// indexLock is git's lock of the index, or nothing where it could not be had, and the index as it was.
type indexLock struct {
	*durable.Lock
	old    []byte // mapped; nil where there was none
	unread error  // why old could not be read
	ahead  *index.Ahead
}

func (l *indexLock) held() bool { return l.Lock != nil }

func (l *indexLock) release() {
	if l.Lock != nil {
		l.Lock.Abort()
		l.Lock = nil
		l.leave()
	}
}

// commit puts what was written in the place of the index, on disk: without an index that is whole git does nothing.
func (l *indexLock) commit() error {
	lock := l.Lock
	l.Lock = nil
	defer l.leave()
	return lock.Commit()
}

// look maps the index as it is and begins to look at it.
func (l *indexLock) look(r *projectionT) {
	file, err := r.git.Open("index")
	if err == nil {
		defer file.Close()
		l.old, err = durable.MapFile(file)
		if err == nil && l.old == nil {
			l.old = []byte{} // there, but empty: damage
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		l.unread = err
	}
	l.ahead = index.LookAhead(l.old)
}

// setAside keeps a damaged index under another name; one is made anew from the history.
func (l *indexLock) setAside(r *projectionT) error {
	err := r.own.Remove("index.damaged") // were it a second name of the index, nothing would be renamed
	if err == nil {
		err = r.git.Rename("index", r.own, "index.damaged")
	}
	if err != nil && !durable.IsMissing(err) {
		return err
	}
	r.o.Warn(r.git.Path("index"), r.indexFlaw.Error()+": it is made anew from the history",
		"what was staged by hand is left out; the damaged one is kept as "+record.Quote(r.own.Path("index.damaged")))
	r.indexFlaw = nil
	l.leave()
	l.ahead = index.LookAhead(nil)
	return nil
}

// leave lets the old index go. When that was its last name the system frees all of it, beside whatever is done next.
func (l *indexLock) leave() {
	old := l.old
	if l.old = nil; len(old) == 0 {
		return
	}
	l.ahead.Wait()
	go durable.Unmap(old)
}

// takeIndex takes git's lock of the index before the branch moves, so that no git commit comes between and undoes a
// version. It is left alone, with a warning, where another program holds it, and where the work tree is not ours to
// change at the moment.
func (r *projectionT) takeIndex() (*indexLock, error) {
	if why := r.detached(); why != "" {
		r.o.Warn(r.dest, "files/ and the index are left as they are: "+why, "versions are recorded all the same; they follow when that has ended")
		return &indexLock{}, nil
	}
	lock, err := r.git.TakeLock("index", r.stage, indexWait)
	var held *durable.LockedError
	if errors.As(err, &held) {
		r.o.Warn(held.Path, "the index is locked by another git", "versions are recorded all the same; if no git is at work, remove the lock")
		return &indexLock{}, nil
	}
	if err != nil {
		return nil, err
	}
	l := &indexLock{Lock: lock}
	l.look(r)
	return l, nil
}

// checkIndex looks whether git can read the index.
func (r *projectionT) checkIndex() error {
	r.indexFlaw = nil
	file, err := r.git.Open("index")
	if err != nil {
		return nil // there is none, or writing it will say why
	}
	defer file.Close()
	b, err := durable.MapFile(file)
	if err != nil {
		return err
	}
	if b == nil {
		r.indexFlaw = index.Flaw(nil)
		return nil
	}
	defer durable.Unmap(b)
	return durable.Guard(func() error {
		r.indexFlaw = index.Flaw(b)
		return nil
	})
}

func (r *projectionT) indexHint(err error) string {
	switch {
	case errors.Is(err, index.ErrSplit):
		return "git -C " + record.ShellWord(r.dest) + " update-index --no-split-index"
	case errors.Is(err, index.ErrSparse):
		return "git -C " + record.ShellWord(r.dest) + " sparse-checkout disable"
	}
	return "the next run tries again"
}

func indexStat(st durable.Stat) index.Stat {
	return index.Stat{CtimeSec: st.Ctime.Sec, CtimeNsec: uint32(st.Ctime.Nsec), MtimeSec: st.Mtime.Sec, MtimeNsec: uint32(st.Mtime.Nsec),
		Dev: st.Dev, Ino: st.Ino, UID: st.UID, GID: st.GID, Size: st.Size}
}

const maxIndex = 4 << 30
