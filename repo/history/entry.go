package history

import (
	"context"
	"iter"
	"time"

	"timemachine/repo/internal/versions"
	"timemachine/repo/record"
)

// entries yields the versions of f's source from f back, as entries.
func (h *History) entries(ctx context.Context, f versions.Located) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var later *versions.Located
		for v, err := range h.read.Chain(ctx, f) {
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
func (h *History) entryOf(ctx context.Context, f versions.Located) (Entry, error) {
	before, ok, err := h.read.Before(ctx, f)
	if err != nil {
		return Entry{}, err
	}
	if !ok {
		return h.newEntry(ctx, &f.Version, nil)
	}
	h.read.KeepForWalk(before)
	return h.newEntry(ctx, &f.Version, &before.Version)
}
