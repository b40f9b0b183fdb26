package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/mapped"
)

const indexWait = time.Second

// Publish makes what was committed since the last Publish part of the history: the pack is put on disk, the branch
// moves, and copies/, files/ and the index follow. No Blob or BlobFrom may be under way. When it returns an error the
// branch may have moved or not; the next Start finds out. What does not follow is warned of and healed later.
func (t *Tx) Publish() error {
	if len(t.versions) == 0 {
		return t.Abort()
	}
	r := t.r
	held, err := r.takeIndex()
	if err != nil {
		return errors.Join(err, t.Abort())
	}
	defer held.release()
	_, behind, err := r.behind(t.base) // an earlier run's part may not have followed: its mark must stay then
	if err == nil {
		err = t.move()
	}
	if err != nil {
		return err
	}
	f := &follow{r: &r.projectionT, ctx: t.ctx, base: t.base, tip: t.tip, versions: t.versions, held: &t.contents, index: held,
		inStep: !behind, removes: true, lazy: r.moment() != "", incomplete: behind, warn: r.o.Warn}
	f.copying.Store(f.roomForCopies())
	t.base, t.versions = t.tip, nil
	defer t.contents.drop()
	defer r.store.Trim()
	return f.orAnew(f.run(), !behind)
}

// move puts the pack on disk and moves the branch.
func (t *Tx) move() error {
	r, b := t.r, t.batch
	t.batch = nil
	name, err := b.place(keepText(t.base, t.tip))
	if err != nil {
		return err
	}
	if err := r.move(t.base, t.tip, fmt.Sprintf("timemachine: %d versions (scan %s)", len(t.versions), t.scan)); err != nil {
		return err
	}
	if err := errors.Join(r.unkeep(name), r.retire(name, b.holds...), r.store.Reload()); err != nil {
		return err
	}
	r.o.Log("branch moved", "from", t.base.String(), "to", t.tip.String(), "versions", len(t.versions))
	return nil
}

// indexLock is git's lock of the index, or nothing where it could not be had, and the index as it was.
type indexLock struct {
	*durable.Lock
	old    []byte // mapped; nil where there was none
	unread error  // why old could not be read
	ahead  *index.Ahead
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
		l.old, err = mapped.File(file)
		if err == nil && l.old == nil {
			l.old = []byte{} // there, but empty: damage
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		l.unread = err
	}
	l.ahead = index.LookAhead(l.old)
}

// orAnew makes the index anew from the history where a follow failed because it is damaged. copied tells that copies/ lacks
// nothing.
func (f *follow) orAnew(err error, copied bool) error {
	var damaged *index.DamagedError
	if !errors.As(err, &damaged) {
		return err
	}
	f.index.release()
	f.r.indexFlaw = damaged
	return f.r.heal(f.ctx, f.tip, copied)
}

// setAside keeps a damaged index under another name; one is made anew from the history.
func (l *indexLock) setAside(r *projectionT) error {
	err := r.own.Remove("index.damaged") // were it a second name of the index, nothing would be renamed
	if err == nil {
		err = r.git.Rename("index", r.own, "index.damaged")
	}
	if err != nil && !gone(err) {
		return err
	}
	r.o.Warn(r.git.Path("index"), r.indexFlaw.Error()+": it is made anew from the history",
		"what was staged by hand is left out; the damaged one is kept as "+quote(r.own.Path("index.damaged")))
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
	go mapped.Close(old)
}

// detached says why the work tree is not ours to change, "" where it is. What cannot be looked at may be under way.
func (r *projectionT) detached() string {
	why, err := r.underWay()
	if err != nil {
		return "it cannot be seen what is under way there: " + cause(err)
	}
	return why
}

func (r *projectionT) underWay() (why string, err error) {
	head, err := r.refs.ReadHead()
	if err != nil {
		return "", err
	}
	if head != r.branch {
		if flaw := r.refs.HeadFlaw(); flaw != "" {
			return "HEAD " + flaw, nil
		}
		if head == "" {
			return "no branch is checked out", nil
		}
		return "branch " + quote(head) + " is checked out", nil
	}
	for name, what := range map[string]string{"MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert",
		"rebase-merge": "a rebase", "rebase-apply": "a rebase", "BISECT_LOG": "a bisect", "sequencer": "a sequence of picks"} {
		there, err := r.git.Exists(name)
		if err != nil {
			return "", err
		}
		if there {
			return what + " is under way", nil
		}
	}
	return "", nil
}
