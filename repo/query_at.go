package repo

import (
	"context"
	"iter"
	"time"

	"timemachine/repo/object"
	"timemachine/repo/record"
	"timemachine/repo/when"
)

// entry places v in time; before is the version of its source before it, nil for none.
func entry(v, before *Version) Entry {
	e := Entry{Version: *v, Since: v.Captured, Before: before}
	if v.Event == record.Deleted || v.RenamedFrom != "" && before == nil || before == nil && !v.Previous.IsZero() {
		return e
	}
	// Captured counts whole seconds, rounded down: the moment itself lies within the second after it.
	if v.Mtime.Before(v.Captured.Add(time.Second)) && (before == nil || !v.Mtime.Before(before.Captured)) {
		e.Since = v.Mtime
	}
	return e
}

// At is the version of source that point p selects: the version in force at a moment, the newest that was recorded up to
// a commit, or the one so many before the newest. Errors: *UnknownError, *BeforeError, *AbsentError.
func (h *History) At(ctx context.Context, source string, p Point) (Entry, error) {
	var f found
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
		return Entry{}, h.noneUpTo(ctx, source, p)
	}
	return h.pick(ctx, f, p)
}

// noneUpTo tells a source that is not known at all from one that is younger than a commit.
func (h *History) noneUpTo(ctx context.Context, source string, p Point) error {
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

// pick goes back from f, the newest version that comes into question.
func (h *History) pick(ctx context.Context, f found, p Point) (Entry, error) {
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

// selects tells whether e, the version with back younger ones behind it, is the one that p means.
func (p *Point) selects(e *Entry, back int) bool {
	if !p.Time.IsZero() {
		return !e.Since.After(p.Time)
	}
	return back == p.Back
}

// Below lists the versions of all sources at and below path ("/": everything) that were in force at p, in order of their
// paths; deleted ones are left out. Where p says how many versions back, those of all sources at and below path count.
// Errors: *UnknownError, *BeforeError; a path below which everything was deleted then gives no entries and no error.
func (h *History) Below(ctx context.Context, path string, p Point) ([]Entry, error) {
	panic("not built")
}

// Log lists versions, newest first.
func (h *History) Log(ctx context.Context, o LogOptions) iter.Seq2[Entry, error] {
	panic("not built")
}

// LogOptions says what Log lists. The zero value lists everything.
type LogOptions struct {
	Path    string         // this source, or all below this folder; "": everything
	Since   time.Time      // not older than; zero: all
	Until   time.Time      // older than; zero: all
	Events  []record.Event // only these; none: all
	Limit   int            // at most so many; 0: all
	Renames bool           // a file's versions under the names it had before follow its own
}

// Point resolves what was meant: a revision becomes a commit.
func (h *History) Point(w when.When) (Point, error) {
	switch w.Kind {
	case when.Moment:
		return Point{Time: w.Time}, nil
	case when.Back:
		return Point{Back: w.Back}, nil
	}
	id, err := h.Revision(w.Rev)
	return Point{Commit: id}, err
}

// Revision is the commit that a revision of git's names.
func (h *History) Revision(rev string) (object.ID, error) { return object.ParseID(rev) }

// Sources lists every source that the history knows, deleted ones too, at and below path ("/": all), in order.
func (h *History) Sources(ctx context.Context, path string) ([]string, error) { panic("not built") }
