package projection

import (
	"context"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/gitindex"
	"timemachine/repo/record"
)

// Rewriter writes single versions again, for repairs. The work tree is up to date with the tip
// already, as far as notes say; a pending mark stays.
type Rewriter struct {
	update *update
	writer *writer
}

// NewRewriter makes a Rewriter at tip. The caller holds the lock, and closes the Rewriter. Without
// the index locked, files/ is left as it is.
func (r *Projection) NewRewriter(ctx context.Context, tip object.ID, index *gitindex.Lock) (*Rewriter, error) {
	job := updateJob{Base: tip, Tip: tip, Index: index, Bulk: wholeFS, Warn: r.Opts.Warn}
	_, pending, err := r.Pending(tip)
	switch {
	case err != nil:
		return nil, err
	case pending:
		job.Start = beforeBase
	default:
		if err := r.flush(); err != nil {
			return nil, err
		}
	}
	u, err := r.newUpdate(ctx, job)
	if err != nil {
		return nil, err
	}
	w := u.newWriter(0, r.Opts.Warn)
	w.space.off = true // a repair replaces what is there
	return &Rewriter{u, w}, nil
}

// HoldsIndex tells whether files/ and the index may be written.
func (w *Rewriter) HoldsIndex() bool { return w.writer.hasIndex }

// Write writes a version's place in files/, its copy, or both. What fails is warned of.
func (w *Rewriter) Write(v *record.Version, file, copy bool) {
	w.update.copying.Store(copy)
	w.writer.write(v, file)
}

// Remove removes what stands in files/ in the place of a source that v deletes.
func (w *Rewriter) Remove(path string, v *record.Version) { w.writer.remove(path, v) }

// WriteXattrs writes what xattrs/ lacks.
func (w *Rewriter) WriteXattrs() error { return w.update.updateXattrs() }

// Fail warns that something could not be repaired.
func (w *Rewriter) Fail(source, what string, err error) { w.writer.report(source, what, err) }

// Finish puts what was written on disk, and brings the index up to date with it. What could not be
// written is listed for the next run.
func (w *Rewriter) Finish() error {
	u := w.update
	u.take(w.writer)
	if err := u.sync(); err != nil {
		return err
	}
	if len(u.changes) == 0 {
		u.note(false)
		return nil
	}
	return u.p.remakeDamaged(u.ctx, u.finish(), &u.updateJob)
}

// Close closes the folders that the Rewriter holds open.
func (w *Rewriter) Close() { w.writer.close() }
