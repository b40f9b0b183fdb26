package history

import (
	"context"
	"iter"
	"slices"
	"time"

	"timemachine/repo/internal/versions"
	"timemachine/repo/record"
)

// LogOptions says what Log lists. The zero value lists everything.
type LogOptions struct {
	Path   string         // a source, or a folder with all below it; "" and "/": everything
	Since  time.Time      // only versions in force from this moment or later; zero: all
	Until  time.Time      // only versions in force from before this moment; zero: all
	Events []record.Event // only these; none: all
	Limit  int            // number of versions; 0: all
	Follow bool           // list the versions under an earlier name, too
	Gone   bool           // only the deletions of what is deleted now; without Follow and Events
	ByRun  bool           // the latest commit first: a run's versions stand together
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
		met := map[string]bool{} // sources, where Gone is set
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
			if o.Includes(&e) && !(o.Gone && met[e.Source]) {
				t.add(e)
			}
			if o.Gone {
				met[e.Source] = true
			}
			if sorted || o.ByRun {
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

// Includes tells whether a log lists an entry.
func (o *LogOptions) Includes(e *Entry) bool {
	if !o.Since.IsZero() && e.Since.Before(o.Since) || !o.Until.IsZero() && !e.Since.Before(o.Until) {
		return false
	}
	if o.Gone {
		return e.Event == record.Deleted
	}
	return len(o.Events) == 0 || slices.Contains(o.Events, e.Event)
}

// listed yields the versions at and below the path, and tells whether they come in the order of a
// log already.
func (h *History) listed(ctx context.Context, o LogOptions) (all iter.Seq2[Entry, error], sorted bool, err error) {
	path := o.Path
	if path == "" {
		path = "/"
	}
	follow := o.Follow && !o.Gone
	f, what, err := h.kindOf(ctx, path)
	switch {
	case err != nil:
		return nil, false, err
	case what == unknown:
		return func(func(Entry, error) bool) {}, true, nil
	case what == file && follow:
		return h.acrossRenames(ctx, f), true, nil
	case what == file:
		return h.entries(ctx, f), true, nil
	}
	if known := h.read.CachedHeads(path); path != "/" && len(known) > 0 && len(known) <= maxChains {
		renamed := false
		if _, itself := known[path]; itself && follow {
			renamed, err = h.wasRenamed(ctx, path)
		}
		if err != nil || !renamed {
			return h.mergedChains(ctx, known), false, err
		}
	}
	return h.inCommitOrder(ctx, path, follow), false, nil
}

// kind is what a path stands for in a history.
type kind int

const (
	unknown kind = iota
	file         // a file or link that never was a folder with sources below it
	folder       // a folder, or there are or were sources below it
)

// kindOf tells what a path stands for, and returns the newest version of a file.
func (h *History) kindOf(ctx context.Context, path string) (versions.Located, kind, error) {
	if heads := h.read.CachedHeads(path); len(heads) > 0 {
		if _, itself := heads[path]; !itself || len(heads) > 1 {
			return versions.Located{}, folder, nil
		}
		f, ok, err := h.read.Newest(ctx, path)
		if !ok || f.Folder {
			return f, folder, err // without a version of it, the cache is wrong
		}
		return f, file, err
	}
	e, ok, err := h.read.TreeEntry(h.read.Tip, path)
	switch {
	case err != nil:
		return versions.Located{}, unknown, err
	case ok && (e.Mode.IsTree() || path == "/"):
		return versions.Located{}, folder, nil
	}
	for f, err := range h.read.Walk(ctx, h.read.Tip, versions.AtOrBelow(path)) {
		if err != nil || f.Source != path || f.Folder || f.LeadsOn {
			return f, folder, err
		}
		took, err := h.replacedFolder(ctx, f)
		if took || err != nil {
			return f, folder, err
		}
		return f, file, nil
	}
	return versions.Located{}, unknown, nil
}

// IsFile tells whether a path stands for a file alone, whose log is its chain of versions.
func (h *History) IsFile(ctx context.Context, path string) (bool, error) {
	_, what, err := h.kindOf(ctx, path)
	return what == file, err
}

// replacedFolder tells whether f's source, the newest at and below its path, ever replaced a folder
// that sources were below. That is known of a folder with versions of its own; of another one, the
// tree of the run before its replacement shows it.
func (h *History) replacedFolder(ctx context.Context, f versions.Located) (bool, error) {
	for v, err := range h.read.Chain(ctx, f) {
		if err != nil {
			return false, err
		}
		if v.Folder {
			return h.hadSourcesBelow(ctx, f)
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
		if e, ok, err := h.read.TreeEntry(run.commit, v.Source); err != nil || ok && e.Mode.IsTree() {
			return ok, err
		}
	}
	return false, nil
}

// hadSourcesBelow tells whether there are versions of sources below f's, in f's commit and before.
func (h *History) hadSourcesBelow(ctx context.Context, f versions.Located) (bool, error) {
	for v, err := range h.read.Walk(ctx, f.Commit, versions.AtOrBelow(f.Source)) {
		if err != nil || v.Source != f.Source {
			return err == nil, err
		}
	}
	return false, nil
}
