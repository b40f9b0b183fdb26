package history

import (
	"context"
	"iter"
	"time"

	"timemachine/repo/record"
)

// versions yields the versions of f's source from f back. It follows the records' Previous. Where
// that names no version, in a rewritten history or a shallow clone, it walks the commits.
func (h *History) versions(ctx context.Context, f located) iter.Seq2[located, error] {
	return func(yield func(located, error) bool) {
		for ok := true; ok; {
			if !yield(f, nil) {
				return
			}
			var err error
			if f, ok, err = h.versionBefore(ctx, f); err != nil {
				yield(located{}, err)
				return
			}
		}
	}
}

// versionBefore returns the version before f; false where f is the first.
func (h *History) versionBefore(ctx context.Context, f located) (located, bool, error) {
	if err := ctx.Err(); err != nil {
		return located{}, false, err
	}
	if f.Previous.IsZero() {
		return located{}, false, nil
	}
	if p, selected, err := h.tryCommit(f.Previous, onlySource(f.Source)); err == nil && selected {
		return p, true, nil
	}
	return h.newestIn(ctx, f.Source, f.parent)
}

// entries yields the versions of f's source from f back, as entries.
func (h *History) entries(ctx context.Context, f located) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var later *located
		for v, err := range h.versions(ctx, f) {
			var e Entry
			if err == nil && later != nil {
				e, err = h.newEntry(ctx, &later.Version, &v.Version)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if later != nil && !yield(e, nil) {
				return
			}
			later = &v
		}
		yield(h.newEntry(ctx, &later.Version, nil))
	}
}

// Entry is a version with the moment from which it was in force.
type Entry struct {
	record.Version
	// Since is the moment from which the version was in force: its mtime where that lies between
	// the capture of the version before and its own capture, else its capture. For a Metadata
	// version the ctime counts in place of the mtime, where the record has it. The first version of
	// a source has no version before it, unless it was renamed. Its mtime counts, but not where it
	// lies after the capture, or before a run that scanned the folder and did not find the source.
	// Captures are exact to the nanosecond where the records have them, else to the second.
	Since time.Time
	// Before is the version of the source before this one; nil for the first.
	Before *record.Version
}

// newEntry finds from when on a version was in force. before is the version of its source before
// it; nil for none.
func (h *History) newEntry(ctx context.Context, v, before *record.Version) (Entry, error) {
	e := Entry{Version: *v, Since: v.InForceSince(time.Time{}), Before: before}
	if e.Since.Equal(v.CaptureTime()) {
		return e, nil
	}
	var scanned time.Time // before the capture
	switch {
	case v.RenamedFrom != "" || before == nil && !v.Previous.IsZero():
		scanned = v.CaptureTime()
	case before != nil:
		scanned = before.CaptureTime()
	default:
		var err error
		if scanned, err = h.scanBefore(ctx, v); err != nil {
			return e, err
		}
	}
	e.Since = v.InForceSince(scanned)
	return e, nil
}

// entryOf returns f as an entry. It keeps the version before f for the walk.
func (h *History) entryOf(ctx context.Context, f located) (Entry, error) {
	before, ok, err := h.versionBefore(ctx, f)
	if err != nil {
		return Entry{}, err
	}
	if !ok {
		return h.newEntry(ctx, &f.Version, nil)
	}
	h.keepForWalk(before)
	return h.newEntry(ctx, &f.Version, &before.Version)
}
