package commits

import (
	"bytes"
	"context"
	"errors"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// Newest returns the newest version in the commits from one back along first parents; false for
// none. The search ends at a commit in passed, and adds to it those without a record; passed may be
// nil.
func (r *Commits) Newest(ctx context.Context, from object.ID, passed map[object.ID]bool) (v record.Version, ok bool, err error) {
	for id := from; !id.IsZero() && !passed[id]; {
		if err := ctx.Err(); err != nil {
			return v, false, err
		}
		v, parent, err := r.Version(id)
		if err == nil || !errors.Is(err, record.ErrNone) {
			return v, err == nil, err
		}
		if passed != nil {
			passed[id] = true
		}
		if id = parent; r.Shallow[id] {
			return v, false, nil
		}
	}
	return v, false, nil
}

// Count counts the versions in the commits from one back along first parents, and returns the
// newest one.
func (r *Commits) Count(ctx context.Context, from object.ID) (n int, newest record.Version, err error) {
	for id := from; !id.IsZero(); {
		if err := ctx.Err(); err != nil {
			return n, newest, err
		}
		_, raw, err := r.Store.Read(id)
		if err != nil {
			return n, newest, err
		}
		if bytes.Contains(raw, []byte("\nSource: ")) {
			if n++; n == 1 {
				newest, _, _ = r.Version(id)
			}
		}
		if id, err = r.FirstParent(id, raw); err != nil {
			return n, newest, err
		}
	}
	return n, newest, nil
}

// FirstParent finds the first parent in a raw commit. It is zero for the first commit, and where a
// shallow clone ends.
func (r *Commits) FirstParent(id object.ID, raw []byte) (object.ID, error) {
	if r.Shallow[id] {
		return object.ID{}, nil
	}
	return object.FirstParent(raw)
}
