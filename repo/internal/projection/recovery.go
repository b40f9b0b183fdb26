package projection

import (
	"context"
	"errors"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Recover brings files/, the index and copies/ up to date with tip where earlier runs did not.
// copied tells that copies/ lacks nothing. The caller holds the lock.
func (r *Projection) Recover(ctx context.Context, tip object.ID, copied bool) error {
	n, err := r.findNeed(tip, copied)
	if err != nil || tip.IsZero() {
		return err
	}
	switch {
	case r.IsSparse():
		return r.noteSparse()
	case !n.pending:
		return errors.Join(r.recoverAttributes(ctx, tip), r.flushIfDue(), r.writeMissingCopies(ctx, tip), r.retry(ctx, tip), r.reportLostCopies())
	case r.Index.ForeignWork() != "":
		return nil
	}
	if err := r.bringUpToDate(ctx, tip, n); err != nil {
		return err
	}
	return r.retry(ctx, tip) // what is listed from before the part that was pending
}

// need is what a recovery has to do.
type need struct {
	pending  bool      // files/ or the index may not be up to date
	base     object.ID // from this commit on; zero: from the first
	noCopies bool      // copies/ lacks nothing
	bulk     durability
}

// findNeed looks at the pending mark, the index and files/.
func (r *Projection) findNeed(tip object.ID, copied bool) (n need, err error) {
	marked, err := r.StateDir.Exists(runstate.PendingName)
	if err == nil && marked {
		err = runstate.NoteMounts(r.StateDir, r.Opts.Boot, r.moment())
	}
	if err != nil {
		return n, err
	}
	if n.base, n.pending, err = r.Pending(tip); err != nil || tip.IsZero() {
		return n, err
	}
	n.bulk = wholeFS
	if marked { // before everything that is written again
		n.bulk = r.bulkDurability()
	}
	indexed, err := r.Git.Exists("index")
	if err != nil {
		return n, err
	}
	lost, err := r.markLostFiles(tip)
	if err != nil {
		return n, err
	}
	if !indexed || lost || r.Index.Flaw != nil {
		// files/ and the index alone are missing
		n = need{pending: true, noCopies: !n.pending || copied, bulk: wholeFS}
	}
	return n, nil
}

// markLostFiles tells whether files/ is lost. It marks everything as pending then, before a file is
// written and files/ is no longer empty.
func (r *Projection) markLostFiles(tip object.ID) (lost bool, err error) {
	if lost, err = r.filesLost(tip); err != nil || !lost {
		return false, err
	}
	r.Opts.Warn(r.Folder.Path("files"), "was empty or not there: it is written again from the history", refusal.Remedy{})
	return true, runstate.MarkAllPending(r.StateDir)
}

// bringUpToDate locks the index, and writes what the history has since n.base. A damaged index is
// moved aside first.
func (r *Projection) bringUpToDate(ctx context.Context, tip object.ID, n need) error {
	locked, err := r.Index.Take() // first: it may be locked for long, and what is pending grows
	if err != nil {
		return err
	}
	defer locked.Release()
	if !locked.Held() {
		return nil
	}
	versions, reached, err := r.Since(ctx, tip, n.base)
	if err != nil {
		return err
	}
	if _, noted := r.upToDateWith(); n.pending && noted && len(versions) == 0 {
		return runstate.WriteUpToDate(r.StateDir, r.moment(), tip) // git has written it
	}
	job := updateJob{Base: n.base, Tip: tip, Index: locked, Bulk: n.bulk, NoCopies: n.noCopies, Warn: r.Opts.Warn}
	if !reached { // what is written again is older than the pending mark, which does not cover it
		job.Bulk = wholeFS
	}
	if job.Versions, job.OutOfTree, err = r.inTree(tip, versions); err != nil {
		return err
	}
	if r.Index.Flaw != nil {
		if err := locked.MoveDamagedAside(r.Index); err != nil {
			return err
		}
	}
	r.Opts.Log("files/ and the index are brought up to date", "from", job.Base.String(), "to", job.Tip.String(), "versions", len(job.Versions))
	return r.remakeDamaged(ctx, r.run(ctx, job), &job)
}

// filesLost tells whether files/ is missing or empty although the tip's tree has files: another
// program deleted them, or files/ is a disk of its own that is not mounted. Verify finds single
// missing files.
func (r *Projection) filesLost(tip object.ID) (bool, error) {
	empty, err := dest.IsEmptyFolder(r.Folder, "files")
	if err != nil || !empty {
		return false, err
	}
	if why, err := r.Index.FindForeignWork(); err != nil || why != "" && (r.Refs.Head() != r.Branch || r.IsSparse()) {
		return false, err // another branch may have none; after a merge they are written
	}
	root, err := r.TreeOf(tip)
	if err != nil {
		return false, err
	}
	_, there, err := object.Lookup(r.Store.ReadTree, root, "files")
	return there, err
}

// inTree drops the versions that can have no place in a tree, and lists the sources whose newest
// version is not what the tree holds: another program changed the tree, and the next scan of the
// source records what is true.
func (r *Projection) inTree(tip object.ID, versions []record.Version) (placed []*record.Version, outside map[string]bool, err error) {
	root, err := r.TreeOf(tip)
	if err != nil {
		return nil, nil, err
	}
	editor, err := object.NewEditor(root, r.Store)
	if err != nil {
		return nil, nil, err
	}
	outside = map[string]bool{}
	seen := map[string]bool{}
	for i := len(versions) - 1; i >= 0; i-- {
		v := &versions[i]
		path, err := record.TreePath(&v.Record)
		if err != nil || seen[v.Source] {
			continue
		}
		seen[v.Source] = true
		e, there, err := editor.Get(path)
		if err != nil {
			return nil, nil, err
		}
		if !record.Agrees(v, e, there) {
			outside[v.Source] = true
		}
	}
	for i := range versions {
		if _, err := record.TreePath(&versions[i].Record); err == nil { // else a foreign record
			placed = append(placed, &versions[i])
		}
	}
	return placed, outside, nil
}
