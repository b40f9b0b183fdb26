package repo

import (
	"errors"
	"fmt"

	"timemachine/repo/internal/runstate"
)

// Publish makes what was committed since the last Publish part of the history: the pack is put on disk, the branch
// moves, and copies/, files/ and the index follow. No Blob or BlobFrom may be under way. When it returns an error the
// branch may have moved or not; the next Start finds out. What does not follow is warned of and healed later.
func (t *Tx) Publish() error {
	if len(t.versions) == 0 {
		return t.Abort()
	}
	r := t.r
	held, err := r.work.takeIndex()
	if err != nil {
		return errors.Join(err, t.Abort())
	}
	defer held.release()
	_, behind, err := r.work.behind(t.base) // an earlier run's part may not have followed: its mark must stay then
	if err == nil {
		err = t.move()
	}
	if err != nil {
		return err
	}
	f := &follow{r: r.work, ctx: t.ctx, base: t.base, tip: t.tip, versions: t.versions, held: &t.contents, index: held,
		inStep: !behind, removes: true, lazy: r.work.moment() != "", incomplete: behind, warn: r.work.o.Warn}
	f.copying.Store(f.roomForCopies())
	t.base, t.versions = t.tip, nil
	defer t.contents.drop()
	defer r.work.store.Trim()
	return f.orAnew(f.run(), !behind)
}

// move puts the pack on disk and moves the branch.
func (t *Tx) move() error {
	r, b := t.r, t.batch
	t.batch = nil
	name, err := b.place(runstate.KeepText(t.base, t.tip))
	if err != nil {
		return err
	}
	if err := r.move(t.base, t.tip, fmt.Sprintf(runMessage+"%d versions (scan %s)", len(t.versions), t.scan)); err != nil {
		return err
	}
	if err := errors.Join(r.work.unkeep(name), r.work.retire(name, b.holds...), r.work.store.Reload()); err != nil {
		return err
	}
	r.work.o.Log("branch moved", "from", t.base.String(), "to", t.tip.String(), "versions", len(t.versions))
	return nil
}
