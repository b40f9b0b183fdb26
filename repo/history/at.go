package history

import (
	"context"
)

// At returns the version of source that the point selects: the version in force at a moment, the
// newest up to a commit, or the one so many before the newest. Errors: *UnknownError,
// *BeforeError, *AbsentError.
func (h *History) At(ctx context.Context, source string, p Point) (Entry, error) {
	var f located
	var ok bool
	var err error
	if p.Commit.IsZero() {
		f, ok, err = h.newest(ctx, source)
	} else {
		f, ok, err = h.newestIn(ctx, source, p.Commit)
	}
	if err != nil {
		return Entry{}, err
	}
	if !ok {
		return Entry{}, h.errorUpTo(ctx, source, p)
	}
	return h.selectFrom(ctx, f, p)
}

// errorUpTo is the error for a source without a version at the point: it has none at all, or only
// later ones.
func (h *History) errorUpTo(ctx context.Context, source string, p Point) error {
	if p.Commit.IsZero() {
		return &UnknownError{Path: source}
	}
	f, ok, err := h.newest(ctx, source)
	if err != nil {
		return err
	}
	if !ok {
		return &UnknownError{Path: source}
	}
	var first Entry
	for e, err := range h.entries(ctx, f) {
		if err != nil {
			return err
		}
		first = e
	}
	return &BeforeError{Path: source, First: first}
}

// selectFrom goes back from f, the newest version in question, to the one that the point selects.
func (h *History) selectFrom(ctx context.Context, f located, p Point) (Entry, error) {
	n := 0
	var first Entry
	for e, err := range h.entries(ctx, f) {
		if err != nil {
			return Entry{}, err
		}
		if n++; p.selects(&e, n-1) {
			if e.Ends() {
				return Entry{}, &AbsentError{Path: f.Source, Deleted: e}
			}
			return e, nil
		}
		first = e
	}
	if p.Time.IsZero() {
		return Entry{}, &BeforeError{Path: f.Source, First: first, Count: n}
	}
	return Entry{}, &BeforeError{Path: f.Source, First: first}
}
