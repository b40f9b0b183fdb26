package versions

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// sourceLine begins the trailer that names a commit's source. It is searched for before the commit
// is parsed.
const sourceLine = "\nSource: "

// Located is a version with the parent of its commit.
type Located struct {
	record.Version
	Parent object.ID
}

// Walk yields the versions that at selects, newest first, from a commit back along first parents.
// It passes over commits without a record, and over records that are not understood.
func (r *Reader) Walk(ctx context.Context, from object.ID, at Selector) iter.Seq2[Located, error] {
	return func(yield func(Located, error) bool) {
		cut := r.newSkipper(at)
		for id := from; !id.IsZero(); {
			if err := ctx.Err(); err != nil {
				yield(Located{}, err)
				return
			}
			id = cut.from(id)
			f, selected, err := r.Commit(id, at)
			if err != nil {
				yield(Located{}, err)
				return
			}
			if selected && !yield(f, nil) {
				return
			}
			id = f.Parent
		}
	}
}

// Commit reads one commit. selected is false where the commit is no version that at selects; the
// parent is right then, too.
func (r *Reader) Commit(id object.ID, at Selector) (f Located, selected bool, err error) {
	if f, selected, err = r.TryCommit(id, at); err != nil {
		err = r.Commits.Damaged(fmt.Sprintf("commit %s cannot be read", id.Short()), err)
	}
	return f, selected, err
}

// TryCommit is commit for an ID that may name no commit.
func (r *Reader) TryCommit(id object.ID, at Selector) (f Located, selected bool, err error) {
	if f, ok := r.preread[id]; ok {
		delete(r.preread, id)
		return f, at.matches(&f.Record), nil
	}
	kind, raw, err := r.Commits.Store.Read(id)
	if err == nil && kind != object.Commit {
		err = fmt.Errorf("object %s is a %s, not a commit", id, kind)
	}
	if err != nil {
		return f, false, err
	}
	if f.Parent, err = r.Commits.FirstParent(id, raw); err != nil || !at.mayMatch(raw) {
		return f, false, err
	}
	c, err := object.ParseCommit(raw)
	if err != nil {
		return f, false, err
	}
	v, err := record.OfCommit(id, c)
	if err != nil {
		if !errors.Is(err, record.ErrNone) {
			r.Commits.Opts.Log("commit's record is not understood and passed over", "commit", id.String(), "cause", err.Error())
		}
		return f, false, nil
	}
	f.Version = v
	return f, at.matches(&f.Record), nil
}

// maxPreread is the number of versions that are kept for a walk.
const maxPreread = 20_000

// KeepForWalk keeps a version that was read early, so that the walk need not read it again.
func (r *Reader) KeepForWalk(f Located) {
	if r.preread == nil {
		r.preread = map[object.ID]Located{}
	}
	if len(r.preread) < maxPreread {
		r.preread[f.Commit] = f
	}
}
