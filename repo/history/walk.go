package history

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

// located is a version with the parent of its commit.
type located struct {
	record.Version
	parent object.ID
}

// walk yields the versions that at selects, newest first, from a commit back along first parents.
// It passes over commits without a record, and over records that are not understood.
func (h *History) walk(ctx context.Context, from object.ID, at selector) iter.Seq2[located, error] {
	return func(yield func(located, error) bool) {
		cut := h.newSkipper(at)
		for id := from; !id.IsZero(); {
			if err := ctx.Err(); err != nil {
				yield(located{}, err)
				return
			}
			id = cut.from(id)
			f, selected, err := h.commit(id, at)
			if err != nil {
				yield(located{}, err)
				return
			}
			if selected && !yield(f, nil) {
				return
			}
			id = f.parent
		}
	}
}

// commit reads one commit. selected is false where the commit is no version that at selects; the
// parent is right then, too.
func (h *History) commit(id object.ID, at selector) (f located, selected bool, err error) {
	if f, selected, err = h.tryCommit(id, at); err != nil {
		err = h.commits.Damaged(fmt.Sprintf("commit %s cannot be read", id.Short()), err)
	}
	return f, selected, err
}

// tryCommit is commit for an ID that may name no commit.
func (h *History) tryCommit(id object.ID, at selector) (f located, selected bool, err error) {
	if f, ok := h.preread[id]; ok {
		delete(h.preread, id)
		return f, at.matches(&f.Record), nil
	}
	kind, raw, err := h.commits.Store.Read(id)
	if err == nil && kind != object.Commit {
		err = fmt.Errorf("object %s is a %s, not a commit", id, kind)
	}
	if err != nil {
		return f, false, err
	}
	if f.parent, err = h.commits.FirstParent(id, raw); err != nil || !at.mayMatch(raw) {
		return f, false, err
	}
	c, err := object.ParseCommit(raw)
	if err != nil {
		return f, false, err
	}
	v, err := record.OfCommit(id, c)
	if err != nil {
		if !errors.Is(err, record.ErrNone) {
			h.commits.Opts.Log("commit's record is not understood and passed over", "commit", id.String(), "cause", err.Error())
		}
		return f, false, nil
	}
	f.Version = v
	return f, at.matches(&f.Record), nil
}

// maxPreread is the number of versions that are kept for a walk.
const maxPreread = 20_000

// keepForWalk keeps a version that was read early, so that the walk need not read it again.
func (h *History) keepForWalk(f located) {
	if h.preread == nil {
		h.preread = map[object.ID]located{}
	}
	if len(h.preread) < maxPreread {
		h.preread[f.Commit] = f
	}
}
