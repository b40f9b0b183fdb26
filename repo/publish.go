package repo

import (
	"errors"

	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/gitindex"
	"timemachine/repo/internal/projection"
	"timemachine/repo/internal/runstate"
)

// Publish makes what was committed since the last Publish part of the history. It syncs the pack,
// moves the branch, then updates copies/, files/ and the index. No Blob or BlobFrom may be in
// progress. After an error the branch may have moved or not: the next Start finds out. Files that
// could not be updated cause warnings, and the next run tries again.
func (t *Tx) Publish() error { return t.publish(false) }

// PublishPart is Publish where more follows at once. The index, which is written whole each time,
// may stay behind, and locked, until the next Publish or Abort.
func (t *Tx) PublishPart() error { return t.publish(true) }

func (t *Tx) publish(more bool) error {
	if len(t.versions) == 0 {
		return t.Abort()
	}
	r := t.r
	held, err := t.lockIndex()
	if err != nil {
		return errors.Join(err, t.Abort())
	}
	defer func() {
		if t.index != held {
			held.Release()
		}
	}()
	// where an earlier update is incomplete its mark must stay
	pending := held.Left().Pending
	if !held.IsBehind() { // else the mark is that of this run
		_, pending, err = r.work.Pending(t.base)
	}
	if err == nil {
		err = t.publishPack(more)
	}
	if err != nil {
		if held.IsBehind() {
			t.index = held // Abort brings it up to date with the parts before
		}
		return err
	}
	r.published += len(t.versions)
	r.work.Store.Trim() // nothing is captured now
	writes := indexOf(held)
	waitForGraph := func() {}
	if !more { // beside files/, which wait for the disk
		waitForGraph = r.maintenance.BeginGraph(t.ctx, t.tip, r.published)
		defer waitForGraph() // also after a fault
	}
	done := projection.Published{Base: t.base, Tip: t.tip, Versions: t.versions, Contents: &t.contents, Pending: pending, More: more}
	t.base, t.versions = t.tip, nil
	defer r.work.Store.Trim()
	err = r.work.UpdatePublished(t.ctx, done, held)
	waitForGraph()
	if err == nil {
		r.noteWrittenIndex(writes)
	}
	if err == nil && held.Held() && held.IsBehind() && more {
		t.index = held
	}
	return err
}

// lockIndex returns git's lock of the index: the one that an earlier part has kept, unless the work
// tree has become another program's to change.
func (t *Tx) lockIndex() (*gitindex.Lock, error) {
	held := t.index
	t.index = nil
	if held != nil && t.r.work.Index.ForeignWork() == "" {
		return held, nil
	}
	if held != nil {
		held.Release()
	}
	return t.r.work.Index.Take()
}

// publishPack syncs the pack, gives it its name and moves the branch. The pending mark, which must
// be on disk before the branch moves, is written while the disk is busy with the pack. Where more
// follows, no other program may remove what the pack has of it.
func (t *Tx) publishPack(more bool) error {
	r, b := t.r, t.batch
	t.batch = nil
	older, err := r.work.StateDir.Exists(runstate.PendingName)
	if err != nil {
		return errors.Join(err, b.Drop())
	}
	marked := make(chan error, 1)
	go func() { marked <- runstate.MarkPending(r.work.StateDir, t.base) }()
	name, err := b.Place(runstate.KeepText(t.base, t.tip))
	merr := <-marked
	if err != nil && merr == nil && !older { // nothing is pending, while the branch has not moved
		merr = r.work.StateDir.Remove(runstate.PendingName)
	}
	if err = errors.Join(err, merr); err != nil {
		return err
	}
	if len(b.Replaces) == 0 {
		t.placed.AddPack(name)
	}
	if err := r.moveBranch(t.base, t.tip, commits.MoveMessage(len(t.versions), t.scan)); err != nil {
		return err
	}
	t.parts = append(t.parts, name)
	if more {
		err = r.work.KeepPart(name)
	} else {
		err = t.freeParts()
	}
	if err := errors.Join(err, r.work.Retire(name, b.Replaces...), r.work.Store.Reload()); err != nil {
		return err
	}
	r.work.Opts.Log("branch moved", "from", t.base.String(), "to", t.tip.String(), "versions", len(t.versions))
	return nil
}

// freeParts lets other programs do what they like with the packs of this run.
func (t *Tx) freeParts() (err error) {
	for _, name := range t.parts {
		err = errors.Join(err, t.r.work.RemoveKeep(name))
	}
	t.parts = nil
	return err
}
