package repo

import (
	"errors"

	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/projection"
	"timemachine/repo/internal/runstate"
)

// Publish makes what was committed since the last Publish part of the history. It syncs the pack,
// moves the branch, then updates copies/, files/ and the index. No Blob or BlobFrom may be in
// progress. After an error the branch may have moved or not: the next Start finds out. Files that
// could not be updated cause warnings, and the next run tries again.
func (t *Tx) Publish() error {
	if len(t.versions) == 0 {
		return t.Abort()
	}
	r := t.r
	held, err := r.work.TakeIndex()
	if err != nil {
		return errors.Join(err, t.Abort())
	}
	defer held.Release()
	// where an earlier update is incomplete its mark must stay
	_, pending, err := r.work.Pending(t.base)
	if err == nil {
		err = t.publishPack()
	}
	if err != nil {
		return err
	}
	done := projection.Published{Base: t.base, Tip: t.tip, Versions: t.versions, Contents: &t.contents, Pending: pending}
	t.base, t.versions = t.tip, nil
	defer t.contents.Drop()
	defer r.work.Store.Trim()
	return r.work.UpdatePublished(t.ctx, done, held)
}

// publishPack syncs the pack, gives it its name and moves the branch.
func (t *Tx) publishPack() error {
	r, b := t.r, t.batch
	t.batch = nil
	name, err := b.Place(runstate.KeepText(t.base, t.tip))
	if err != nil {
		return err
	}
	if err := r.moveBranch(t.base, t.tip, commits.MoveMessage(len(t.versions), t.scan)); err != nil {
		return err
	}
	if err := errors.Join(r.work.RemoveKeep(name), r.work.Retire(name, b.Replaces...), r.work.Store.Reload()); err != nil {
		return err
	}
	r.work.Opts.Log("branch moved", "from", t.base.String(), "to", t.tip.String(), "versions", len(t.versions))
	return nil
}
