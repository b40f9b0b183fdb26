package history

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"timemachine/repo/record"
)

// LogOptions says what Log lists. The zero value lists everything.
type LogOptions struct {
	Path   string         // this source, or all below this folder; "" and "/": everything
	Since  time.Time      // in force from this moment on or later; zero: all
	Until  time.Time      // in force from before this moment; zero: all
	Events []record.Event // only these; none: all
	Limit  int            // at most so many; 0: all
	Follow bool           // a file's versions under an earlier name follow its own
}

// Log lists versions, newest first: the versions of a file along its own chain, so that the cost is
// that of its versions; all others in the order of Entry.Since. A folder whose files the cache knows
// costs what their versions cost. An unknown path gives an *UnknownError.
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
			if o.lists(&e) {
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

// The dates of captures rise along the history unless the clock went wrong for a while. A search
// for what is not older than a moment therefore ends only after so many versions in a row that are
// a day older still.
const (
	maxOld = 1000
	oldBy  = 24 * time.Hour
)

// countOld counts e where it is so much older than the moment, after old others in a row.
func (o *LogOptions) countOld(e *Entry, old int) int {
	if o.Since.IsZero() || !e.Committed.Before(o.Since.Add(-oldBy)) {
		return 0
	}
	return old + 1
}

func (o *LogOptions) lists(e *Entry) bool {
	return (o.Since.IsZero() || !e.Since.Before(o.Since)) && (o.Until.IsZero() || e.Since.Before(o.Until)) &&
		(len(o.Events) == 0 || slices.Contains(o.Events, e.Event))
}

// listed gives the versions at and below the path, and tells whether they come in the order of a
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
	file         // one source, and never a folder
	folder       // sources lie or lay below it
)

// kindOf tells what a path stands for, and the newest version of a file.
func (h *History) kindOf(ctx context.Context, path string) (located, kind, error) {
	if hint := h.cachedHeads(path); len(hint) > 0 {
		if _, itself := hint[path]; !itself || len(hint) > 1 {
			return located{}, folder, nil
		}
		f, ok, err := h.newest(ctx, path)
		if !ok {
			return f, folder, err // the hint is wrong
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

// replacedFolder tells whether f's source ever took the place of a folder, as the tree of the run
// before has it.
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
		if run.none() {
			continue
		}
		if e, ok, err := h.treeEntry(run.commit, v.Source); err != nil || ok && e.Mode.IsTree() {
			return ok, err
		}
	}
	return false, nil
}

// inCommitOrder gives the versions at and below path in the order of the commits, newest first.
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

// entryOf is f with its place in time. A walk does not read the version before it again.
func (h *History) entryOf(ctx context.Context, f located) (Entry, error) {
	before, ok, err := h.before(ctx, f)
	if err != nil {
		return Entry{}, err
	}
	if !ok {
		return h.newEntry(ctx, &f.Version, nil)
	}
	h.keepForWalk(before)
	return h.newEntry(ctx, &f.Version, &before.Version)
}

// Sources lists every source that the history knows at and below path ("/": all), deleted ones too,
// in order.
func (h *History) Sources(ctx context.Context, path string) ([]string, error) {
	if hint := h.cachedHeads(path); len(hint) > 0 {
		return slices.Sorted(maps.Keys(hint)), nil
	}
	seen := map[string]bool{}
	for f, err := range h.walk(ctx, h.tip, atOrBelow(path)) {
		if err != nil {
			return nil, err
		}
		seen[f.Source] = true
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

// KnownWithoutSearch tells whether path is a source or a folder of some in the newest tree, or the hint
// knows it from earlier. It does not search the commits: false means that it takes a search to
// tell.
func (h *History) KnownWithoutSearch(path string) (bool, error) {
	if len(h.cachedHeads(path)) > 0 {
		return true, nil
	}
	_, ok, err := h.treeEntry(h.tip, path)
	return ok, err
}
