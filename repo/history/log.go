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

// Log lists versions, newest first: of a file along its own chain, so that it costs its own
// versions; of a folder, where the hint knows its files, along theirs, by capture; else, and of
// everything, in the order of the commits. An unknown path gives a *UnknownError.
func (h *History) Log(ctx context.Context, o LogOptions) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		all, err := h.listed(ctx, o)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		n, old, known := 0, 0, false
		for e, err := range all {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			known = true
			if old = o.age(&e, old); old > maxOld {
				return
			}
			if !o.lists(&e) {
				continue
			}
			n++
			if !yield(e, nil) || n == o.Limit {
				return
			}
		}
		if !known {
			yield(Entry{}, &UnknownError{Path: o.Path})
		}
	}
}

// The dates of captures rise along the history unless the clock went wrong for a while. A search
// for what is not older than a moment therefore ends only after so many versions in a row that are
// a day older still.
const (
	maxOld = 1000
	oldBy  = 24 * time.Hour
)

func (o *LogOptions) age(e *Entry, old int) int {
	if o.Since.IsZero() || !e.Committed.Before(o.Since.Add(-oldBy)) {
		return 0
	}
	return old + 1
}

func (o *LogOptions) lists(e *Entry) bool {
	return (o.Since.IsZero() || !e.Since.Before(o.Since)) && (o.Until.IsZero() || e.Since.Before(o.Until)) &&
		(len(o.Events) == 0 || slices.Contains(o.Events, e.Event))
}

// listed gives the versions that come into question.
func (h *History) listed(ctx context.Context, o LogOptions) (iter.Seq2[Entry, error], error) {
	path := o.Path
	if path == "" {
		path = "/"
	}
	f, what, err := h.lookAt(ctx, path)
	switch {
	case err != nil:
		return nil, err
	case what == unknown:
		return func(func(Entry, error) bool) {}, nil
	case what == file && o.Follow:
		return h.lineage(ctx, f), nil
	case what == file:
		return h.entries(ctx, f), nil
	}
	if known := h.heads(path); path != "/" && len(known) > 0 && len(known) <= maxStrands {
		return h.strands(ctx, known), nil
	}
	return h.commits(ctx, path), nil
}

// kind is what a path stands for in a history.
type kind int

const (
	unknown kind = iota
	file         // one source, and never a folder
	folder       // sources lie or lay below it
)

// lookAt tells what a path stands for, and the newest version of a file.
func (h *History) lookAt(ctx context.Context, path string) (found, kind, error) {
	if hint := h.heads(path); len(hint) > 0 {
		if _, itself := hint[path]; !itself || len(hint) > 1 {
			return found{}, folder, nil
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
		return found{}, unknown, err
	case ok && (e.Mode.IsTree() || path == "/"):
		return found{}, folder, nil
	}
	for f, err := range h.walk(ctx, h.tip, atOrBelow(path)) {
		if err != nil || f.Source != path {
			return f, folder, err
		}
		took, err := h.tookFolder(ctx, f)
		if took || err != nil {
			return f, folder, err
		}
		return f, file, nil
	}
	return found{}, unknown, nil
}

// tookFolder tells whether f's source ever took the place of a folder, as the tree of the run
// before has it.
func (h *History) tookFolder(ctx context.Context, f found) (bool, error) {
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

// commits gives the versions at and below path in the order of the commits, newest first.
func (h *History) commits(ctx context.Context, path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for f, err := range h.walk(ctx, h.tip, atOrBelow(path)) {
			if err != nil {
				yield(Entry{}, err)
				return
			}
			before, ok, err := h.before(ctx, f)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			var older *record.Version
			if ok {
				older = &before.Version
				h.keep(before)
			}
			e, err := h.entry(ctx, &f.Version, older)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Sources lists every source that the history knows at and below path ("/": all), deleted ones too,
// in order.
func (h *History) Sources(ctx context.Context, path string) ([]string, error) {
	if hint := h.heads(path); len(hint) > 0 {
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

// Remembers tells whether path is a source or a folder of some in the newest tree, or the hint
// knows it from earlier. It does not search the commits: false means that it takes a search to
// tell.
func (h *History) Remembers(path string) (bool, error) {
	if len(h.heads(path)) > 0 {
		return true, nil
	}
	_, ok, err := h.treeEntry(h.tip, path)
	return ok, err
}
