package projection

import (
	"context"
	"errors"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Recover brings files/, the index and copies/ up to tip where an earlier run did not get to it.
// copied tells that copies/ lacks nothing.
func (r *Projection) Recover(ctx context.Context, tip object.ID, copied bool) error {
	base, behind, err := r.Behind(tip)
	if err != nil || tip.IsZero() {
		return err
	}
	marked, err := r.StateDir.Exists(runstate.PendingName)
	if err != nil {
		return err
	}
	filesOnly := false                    // copies are not missed because an index is
	covered := marked && r.moment() != "" // by the mark: all that is written again was written after it was made
	indexed, err := r.Git.Exists("index")
	if err != nil {
		return err
	}
	lost, err := r.filesLost(tip)
	if err != nil {
		return err
	}
	if lost { // noted before any file is written: it is not empty then
		r.Opts.Warn(r.Folder.Path("files"), "was empty or not there: it is written again from the history", refusal.Remedy{})
		if err := runstate.MarkAllPending(r.StateDir); err != nil {
			return err
		}
	}
	if !indexed || lost || r.IndexFlaw != nil {
		filesOnly = !behind || copied
		base, behind, covered = object.ID{}, true, false
	}
	if !behind {
		f := &Update{p: r, ctx: ctx, base: tip, tip: tip, warn: r.Opts.Warn}
		return errors.Join(r.recoverAttributes(f), r.flushIfDue(), r.writeMissingCopies(ctx, tip))
	}
	if r.NotOursNow() != "" {
		return nil
	}
	versions, reached, err := r.Since(ctx, tip, base)
	if err != nil {
		return err
	}
	if _, before := r.upToDateWith(); len(versions) == 0 && before {
		return runstate.WriteUpToDate(r.StateDir, r.moment(), tip) // somebody else committed, and has brought the work tree along
	}
	if versions, err = r.inTree(tip, versions); err != nil {
		return err
	}
	index, err := r.TakeIndex()
	if err != nil {
		return err
	}
	defer index.Release()
	if !index.Held() {
		return nil
	}
	if r.IndexFlaw != nil {
		if err := index.moveDamagedAside(r); err != nil {
			return err
		}
	}
	r.Opts.Log("files/ and the index are brought up to the history", "from", base.String(), "to", tip.String(), "versions", len(versions))
	f := &Update{p: r, ctx: ctx, base: base, tip: tip, versions: versions, Index: index, filesOnly: filesOnly, leftToSystem: covered && reached, warn: r.Opts.Warn}
	f.Copying.Store(f.spaceForCopies())
	return f.remakeIndex(f.run(), filesOnly)
}

// filesLost tells whether nothing of files/ is there that the tip's tree has: somebody deleted it,
// or it is a disk of its own that is not mounted. That single files are missing is for verify to
// find.
func (r *Projection) filesLost(tip object.ID) (bool, error) {
	empty, err := durable.IsEmptyFolder(r.Folder, "files")
	if err != nil || !empty {
		return false, err
	}
	if why, err := r.foreignWork(); err != nil || why != "" && r.Refs.Head() != r.Branch {
		return false, err // with another branch it may be as it should; when a merge has ended it is written again
	}
	root, err := r.TreeOf(tip)
	if err != nil {
		return false, err
	}
	_, there, err := object.Lookup(r.Store.ReadTree, root, "files")
	return there, err
}

// inTree drops the sources whose newest version is not what the tree holds: somebody changed the
// tree by other means, and the next look at the source settles it.
func (r *Projection) inTree(tip object.ID, versions []record.Version) ([]record.Version, error) {
	root, err := r.TreeOf(tip)
	if err != nil {
		return nil, err
	}
	editor, err := object.NewEditor(root, r.Store)
	if err != nil {
		return nil, err
	}
	newest := map[string]bool{}
	for i := len(versions) - 1; i >= 0; i-- {
		v := &versions[i]
		if _, seen := newest[v.Source]; seen {
			continue
		}
		path, err := record.TreePath(&v.Record)
		if err != nil { // somebody else's record
			newest[v.Source] = false
			continue
		}
		e, there, err := editor.Get(path)
		if err != nil {
			return nil, err
		}
		newest[v.Source] = record.Agrees(v, e, there)
	}
	return slices.DeleteFunc(versions, func(v record.Version) bool { return !newest[v.Source] }), nil
}

// writeMissingCopies writes the copies that were left out, where there is room now. The history
// does not wait for them: what fails is warned of.
func (r *Projection) writeMissingCopies(ctx context.Context, tip object.ID) error {
	base, owed, err := runstate.MissingCopies(r.StateDir)
	if err != nil || !owed || r.NotOursNow() != "" {
		return err
	}
	free, size, err := r.Folder.Free()
	if err != nil || !r.hasSpace(free, size) {
		return nil
	}
	done, err := r.RebuildSince(ctx, tip, base, RebuildOptions{})
	if err == nil {
		r.Opts.Log("copies that were left out are written", "from", base.String(), "to", tip.String(), "written", done.Written)
		return nil
	}
	if ctx.Err() == nil {
		r.Opts.Warn(r.Folder.Path("copies"), "what was left out for want of room could not be written: "+durable.Reason(err), r.Remedy(refusal.RetryOrRebuild, ""))
	}
	return ctx.Err()
}
