package versions

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"timemachine/repo/git/object"
)

// Chain yields the versions of f's source from f back. It follows the records' Previous. Where
// that names no version, in a rewritten history or a shallow clone, it walks the commits.
func (r *Reader) Chain(ctx context.Context, f Located) iter.Seq2[Located, error] {
	return func(yield func(Located, error) bool) {
		for ok := true; ok; {
			if !yield(f, nil) {
				return
			}
			var err error
			if f, ok, err = r.Before(ctx, f); err != nil {
				yield(Located{}, err)
				return
			}
		}
	}
}

// Before returns the version before f; false where f is the first.
func (r *Reader) Before(ctx context.Context, f Located) (Located, bool, error) {
	if err := ctx.Err(); err != nil {
		return Located{}, false, err
	}
	if f.Previous.IsZero() {
		return Located{}, false, nil
	}
	if p, selected, err := r.TryCommit(f.Previous, OnlySource(f.Source)); err == nil && selected {
		return p, true, nil
	}
	return r.NewestIn(ctx, f.Source, f.Parent)
}

// Run yields the versions of the run that made a version: the earlier ones back from it, then the
// later ones.
func (r *Reader) Run(ctx context.Context, of Located) iter.Seq2[Located, error] {
	return func(yield func(Located, error) bool) {
		everything := AtOrBelow("/")
		for f, err := range r.Walk(ctx, of.Commit, everything) {
			if err == nil && (f.Scan != of.Scan || f.Scan == "") {
				break
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
		later, err := r.after(ctx, of.Commit)
		if err != nil {
			yield(of, err)
			return
		}
		for _, id := range slices.Backward(later) {
			f, selected, err := r.Commit(id, everything)
			if err == nil && selected && f.Scan != of.Scan {
				return
			}
			if (selected || err != nil) && (!yield(f, err) || err != nil) {
				return
			}
		}
	}
}

// after lists the commits from the tip back to the one after a commit. Those that the commit-graph
// has are not read.
func (r *Reader) after(ctx context.Context, commit object.ID) (ids []object.ID, err error) {
	for id := r.Tip; id != commit && !id.IsZero(); {
		if rest, known := r.CommitsBetween(id, commit); known {
			return append(ids, rest...), nil
		}
		ids = append(ids, id)
		f, _, err := r.Commit(id, AtOrBelow("/"))
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return nil, err
		}
		id = f.Parent
	}
	return ids, nil
}
