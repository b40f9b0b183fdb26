package history

import (
	"context"
	"time"

	"timemachine/repo/record"
)

// newEntry places v in time; before is the version of its source before it, nil for none.
func (h *History) newEntry(ctx context.Context, v, before *record.Version) (Entry, error) {
	e := Entry{Version: *v, Since: v.InForceSince(time.Time{}), Before: before}
	if e.Since.Equal(v.CaptureTime()) {
		return e, nil
	}
	var look time.Time // the last one before the capture
	switch {
	case before != nil:
		look = before.CaptureTime()
	case v.RenamedFrom != "" || !v.Previous.IsZero():
		look = v.CaptureTime()
	default:
		var err error
		if look, err = h.scanBefore(ctx, v); err != nil {
			return e, err
		}
	}
	e.Since = v.InForceSince(look)
	return e, nil
}

// At is the version of source that point p selects: the version in force at a moment, the newest
// that was recorded up to a commit, or the one so many before the newest. Errors: *UnknownError,
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

// errorUpTo tells a source that is not known at all from one that is younger than a commit.
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

// selectFrom goes back from f, the newest version that comes into question.
func (h *History) selectFrom(ctx context.Context, f located, p Point) (Entry, error) {
	n := 0
	var first Entry
	for e, err := range h.entries(ctx, f) {
		if err != nil {
			return Entry{}, err
		}
		if n++; p.selects(&e, n-1) {
			if e.Event == record.Deleted {
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
