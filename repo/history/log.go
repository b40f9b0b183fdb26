package history

import (
	"context"
	"iter"
	"slices"
	"time"

	"timemachine/repo/record"
)

// LogOptions says what Log lists. The zero value lists everything.
type LogOptions struct {
	Path   string         // a source, or a folder with all below it; "" and "/": everything
	Since  time.Time      // only versions in force from this moment or later; zero: all
	Until  time.Time      // only versions in force from before this moment; zero: all
	Events []record.Event // only these; none: all
	Limit  int            // number of versions; 0: all
	Follow bool           // list a file's versions under an earlier name after its own
}

// Log lists versions, newest first: those of a file along its chain, all others in the order of
// Entry.Since. The log of a file reads only its versions; so does the log of a folder with few
// files, where the cache has them. An unknown path gives an *UnknownError.
func (h *History) Log(ctx context.Context, o LogOptions) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		t := timeline{h: h, ctx: ctx, limit: o.Limit, yield: yield}
		all, sorted, err := h.listed(ctx, o)
		if err != nil {
			t.fail(err)
			return
		}
		known := false
		old := 0
		for e, err := range all {
			if err != nil {
				t.flush()
				t.fail(err)
				return
			}
			known = true
			if old = o.countOld(&e, old); old > maxOld {
				break
			}
			if o.includes(&e) {
				t.add(e)
			}
			if sorted {
				t.flush()
			} else {
				t.yieldUntil(upperBound(&e))
			}
			if t.ended {
				return
			}
		}
		if !known {
			t.fail(&UnknownError{Path: o.Path})
		}
		t.flush()
	}
}

// Commit dates rise along the history, unless the clock went wrong for a while. A log of versions
// since a moment therefore ends only after maxOld versions in a row that are older by oldBy.
const (
	maxOld = 1000
	oldBy  = 24 * time.Hour
)

// countOld counts the entries in a row that are much older than Since: old is the count before e.
func (o *LogOptions) countOld(e *Entry, old int) int {
	if o.Since.IsZero() || !e.Committed.Before(o.Since.Add(-oldBy)) {
		return 0
	}
	return old + 1
}

// includes tells whether the log lists an entry.
func (o *LogOptions) includes(e *Entry) bool {
	return (o.Since.IsZero() || !e.Since.Before(o.Since)) && (o.Until.IsZero() || e.Since.Before(o.Until)) &&
		(len(o.Events) == 0 || slices.Contains(o.Events, e.Event))
}

// listed yields the versions at and below the path, and tells whether they come in the order of a
// log already.
func (h *History) listed(ctx context.Context, o LogOptions) (all iter.Seq2[Entry, error], sorted bool, err error) {
	path := o.Path
	if path == "" {
		path = "/"
	}
	f, what, err := h.kindOf(ctx, path)
	switch {
	case err != nil:
		return nil, false, err
	case what == unknown:
		return func(func(Entry, error) bool) {}, true, nil
	case what == file && o.Follow:
		return h.acrossRenames(ctx, f), true, nil
	case what == file:
		return h.entries(ctx, f), true, nil
	}
	if known := h.cachedHeads(path); path != "/" && len(known) > 0 && len(known) <= maxChains {
		return h.mergedChains(ctx, known), false, nil
	}
	return h.inCommitOrder(ctx, path), false, nil
}

// kind is what a path stands for in a history.
type kind int

const (
	unknown kind = iota
	file         // a source that never was a folder
	folder       // there are or were sources below it
)

// kindOf tells what a path stands for, and returns the newest version of a file.
func (h *History) kindOf(ctx context.Context, path string) (located, kind, error) {
	if heads := h.cachedHeads(path); len(heads) > 0 {
		if _, itself := heads[path]; !itself || len(heads) > 1 {
			return located{}, folder, nil
		}
		f, ok, err := h.newest(ctx, path)
		if !ok {
			return f, folder, err // the cache is wrong
		}
		return f, file, err
	}
	e, ok, err := h.treeEntry(h.tip, path)
	switch {
	case err != nil:
		return located{}, unknown, err
	case ok && (e.Mode.IsTree() || path == "/"):
		return located{}, folder, nil
	}
	for f, err := range h.walk(ctx, h.tip, atOrBelow(path)) {
		if err != nil || f.Source != path {
			return f, folder, err
		}
		took, err := h.replacedFolder(ctx, f)
		if took || err != nil {
			return f, folder, err
		}
		return f, file, nil
	}
	return located{}, unknown, nil
}

// replacedFolder tells whether f's source ever replaced a folder, which the tree of the run before
// shows.
func (h *History) replacedFolder(ctx context.Context, f located) (bool, error) {
	for v, err := range h.versions(ctx, f) {
		if err != nil {
			return false, err
		}
		if v.Event != record.Added {
			continue
		}
		run, err := h.runBefore(ctx, &v.Version)
		if err != nil {
			return false, err
		}
		if run.isUnknown() {
			continue
		}
		if e, ok, err := h.treeEntry(run.commit, v.Source); err != nil || ok && e.Mode.IsTree() {
			return ok, err
		}
	}
	return false, nil
}

// inCommitOrder yields the versions at and below path in the order of the commits, newest first.
func (h *History) inCommitOrder(ctx context.Context, path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for f, err := range h.walk(ctx, h.tip, atOrBelow(path)) {
			var e Entry
			if err == nil {
				e, err = h.entryOf(ctx, f)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}
