package projection

import (
	"context"
	"errors"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/comparer"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// note notes durably what is not written, so that later runs try it again. Where it cannot be
// noted, or is too much for a list, the update stays pending as a whole. indexed tells that the
// index is up to date with the changes.
func (u *update) note(indexed bool) {
	if u.copiesOmitted { // the failed ones are among them
		u.unwritten.Copies = nil
		u.noteCopies()
	}
	list, _, err := runstate.ReadUnwritten(u.p.StateDir)
	if err == nil {
		u.addTo(&list, indexed)
		err = runstate.WriteUnwritten(u.p.StateDir, &list)
	}
	if err != nil {
		u.cannotNote(runstate.UnwrittenName, err)
	}
}

// noteCopies notes that copies are missing from the job's base on.
func (u *update) noteCopies() {
	if err := runstate.NoteMissingCopies(u.p.StateDir, u.Base); err != nil {
		u.cannotNote(runstate.MissingCopiesName, err)
	}
}

func (u *update) cannotNote(name string, err error) {
	u.pending, u.unlisted = true, true
	u.Warn(u.p.StateDir.Path(name), "could not be written: "+durable.Reason(err), refusal.Remedy{Kind: refusal.NextRunRetries})
}

// addTo adds what is not written to the list, and removes what is.
func (u *update) addTo(list *runstate.Unwritten, indexed bool) {
	switch base := u.Index.Base(u.Base); {
	case indexed && (base.IsZero() || base == list.IndexBase):
		list.Index = false
	case u.indexError != nil && !list.Index:
		list.Index, list.IndexBase = true, base
		u.p.warnOfIndex(u.indexError)
	}
	if len(list.Files) > 0 {
		sources := map[string]bool{}
		for i := range u.Versions {
			sources[u.Versions[i].Source] = true
		}
		list.DropFiles(func(source string) bool { return sources[source] })
	}
	if !list.AddFiles(u.unwritten.Files) {
		u.pending, u.unlisted = true, true
	}
	if !list.AddCopies(u.unwritten.Copies) {
		u.unlisted = true
		u.noteCopies()
	}
}

func (r *Projection) warnOfIndex(err error) {
	r.Opts.Warn(r.Git.Path("index"), "the index could not be brought up to date: "+err.Error(), r.Index.WriteRemedy(err))
}

// retry tries again what earlier updates could not write. It costs what the list of that names.
func (r *Projection) retry(ctx context.Context, tip object.ID) error {
	list, damaged, err := runstate.ReadUnwritten(r.StateDir)
	switch {
	case err != nil:
		return err
	case damaged:
		r.Opts.Log("the list of what is not written is damaged; everything is compared", "file", r.StateDir.Path(runstate.UnwrittenName))
		if err := errors.Join(runstate.MarkAllPending(r.StateDir), runstate.WriteUnwritten(r.StateDir, &runstate.Unwritten{})); err != nil {
			return err
		}
		return r.Recover(ctx, tip, false)
	case list.IsEmpty() || r.Index.ForeignWork() != "":
		return nil
	}
	if list.Index {
		if done, err := r.retryIndex(ctx, tip, list.IndexBase); err != nil {
			return err
		} else if !done {
			list.Files = nil // they wait for it, since both must say the same
		}
	}
	if len(list.Files)+len(list.Copies) == 0 {
		return nil
	}
	return r.retryVersions(ctx, tip, len(list.Files) > 0)
}

// retryIndex brings the index, and files/ with it, up to date from base on; false where the index
// cannot be written yet.
func (r *Projection) retryIndex(ctx context.Context, tip, base object.ID) (done bool, err error) {
	if err := r.indexObstacle(); err != nil {
		r.warnOfIndex(err)
		return false, nil
	}
	return true, r.bringUpToDate(ctx, tip, need{base: base, noCopies: true, bulk: wholeFS})
}

// noteSparse notes that all of files/ and the index is to be written when git sparse-checkout has
// ended: what git writes to files/ then has neither the time nor the mode of its version.
func (r *Projection) noteSparse() error {
	list, _, err := runstate.ReadUnwritten(r.StateDir)
	if err != nil {
		return err
	}
	list.Index, list.IndexBase = true, object.ID{}
	return runstate.WriteUnwritten(r.StateDir, &list)
}

// indexObstacle is the reason why the index cannot be updated, as far as it shows without a change.
func (r *Projection) indexObstacle() error {
	_, err := r.Index.Read()
	var damaged *index.DamagedError
	if durable.IsNoEntry(err) || errors.As(err, &damaged) { // another one is made
		return nil
	}
	return err
}

// retryVersions writes the listed versions again, those of files/ only where files is set.
func (r *Projection) retryVersions(ctx context.Context, tip object.ID, files bool) error {
	list, _, err := runstate.ReadUnwritten(r.StateDir)
	if err != nil {
		return err
	}
	locked, err := r.Index.Take()
	if err != nil {
		return err
	}
	defer locked.Release()
	if !locked.Held() {
		return nil
	}
	job := updateJob{Base: tip, Tip: tip, Index: locked, Bulk: wholeFS, Warn: r.Opts.Warn}
	if len(list.Files)+len(list.Copies) <= durable.SyncEach {
		job.Bulk = eachFile
	}
	u, err := r.newUpdate(ctx, job)
	if err != nil {
		return err
	}
	return r.remakeDamaged(ctx, u.retry(list, files), &job)
}

// retry writes what the list names again. It removes from the list what is written, and what newer
// versions have made needless.
func (u *update) retry(list runstate.Unwritten, files bool) error {
	w := u.newWriter(0, u.Warn)
	defer w.close()
	still := list
	var err error
	if files {
		if still.Files, err = u.retryFiles(w, list.Files); err != nil {
			return err
		}
	}
	if still.Copies, err = u.retryCopies(w, list.Copies); err != nil {
		return err
	}
	u.take(w)
	if len(u.changes)+u.copiesWritten > 0 {
		if err := u.sync(); err != nil {
			return err
		}
	}
	if len(u.changes) > 0 {
		var damaged *index.DamagedError
		switch err := u.bringIndex(); {
		case errors.As(err, &damaged):
			return err
		case err != nil:
			u.p.warnOfIndex(err)
			still.Files = list.Files
		}
	}
	return runstate.WriteUnwritten(u.p.StateDir, &still)
}

// retryFiles writes the versions that are the newest still, and returns those that are not written.
func (u *update) retryFiles(w *writer, files []runstate.UnwrittenVersion) ([]runstate.UnwrittenVersion, error) {
	for _, f := range files {
		if err := u.ctx.Err(); err != nil {
			return nil, err
		}
		v, ok := u.listed(f)
		if !ok {
			continue
		}
		newest, err := u.isNewest(v)
		if err != nil {
			return nil, err
		}
		if newest {
			w.write(v, true)
		}
	}
	return w.unwritten.Files, nil
}

// retryCopies writes the copies that are wanted and have space, and returns those that are missing.
func (u *update) retryCopies(w *writer, copies []runstate.UnwrittenVersion) ([]runstate.UnwrittenVersion, error) {
	if !u.p.wantsCopies() {
		return nil, nil
	}
	check := comparer.New(u.p.Dest, true)
	for i, c := range copies {
		if err := u.ctx.Err(); err != nil {
			return nil, err
		}
		v, ok := u.listed(c)
		if !ok || check.CopyFlaw(w.copies, v) == nil {
			continue
		}
		u.copying.Store(true)
		w.write(v, false)
		switch {
		case u.spaceShort.Load():
			return append(w.unwritten.Copies, copies[i:]...), nil
		case u.fullReported.Load():
			return append(w.unwritten.Copies, copies[i+1:]...), nil
		}
	}
	return w.unwritten.Copies, nil
}

// listed reads a version of the list; false where it is no longer in the history.
func (u *update) listed(l runstate.UnwrittenVersion) (*record.Version, bool) {
	v, _, err := u.p.Version(l.Commit)
	return &v, err == nil && v.Source == l.Source
}

// isNewest tells whether the tip's tree holds a version.
func (u *update) isNewest(v *record.Version) (bool, error) {
	path, err := record.TreePath(&v.Record)
	if err != nil {
		return false, nil
	}
	root, err := u.p.TreeOf(u.Tip)
	if err != nil {
		return false, err
	}
	e, there, err := object.Lookup(u.p.Store.ReadTree, root, path)
	return record.Agrees(v, e, there), err
}
