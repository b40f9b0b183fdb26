package history

import (
	"context"
	"iter"
	"slices"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/versions"
	"timemachine/repo/record"
)

// acrossRenames yields the versions of f's source, and where a rename made the source, those under
// its earlier name. Where the source existed before the rename, under this name, the versions
// under the other name go back only to its deletion.
func (h *History) acrossRenames(ctx context.Context, f versions.Located) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		h.yieldAcrossRenames(ctx, f, time.Time{}, yield, map[string]bool{f.Source: true})
	}
}

// yieldAcrossRenames yields the versions that were not committed before cut (zero: all), and
// returns false when yield did. names holds the names passed so far, so that a ring of renames
// ends.
func (h *History) yieldAcrossRenames(ctx context.Context, f versions.Located, cut time.Time, yield func(Entry, error) bool, names map[string]bool) bool {
	for e, err := range h.entries(ctx, f) {
		if err != nil {
			return yield(Entry{}, err)
		}
		if e.Committed.Before(cut) {
			return true
		}
		begins := e.Before == nil || e.Before.Ends()
		var old versions.Located
		renamed := false
		if begins && !e.Ends() {
			if old, renamed, err = h.earlierName(ctx, &e, names); err != nil {
				return yield(Entry{}, err)
			}
		}
		if renamed {
			e.RenamedFrom = old.Source
		}
		if !yield(e, nil) {
			return false
		}
		if !renamed {
			continue
		}
		until := cut
		if e.Before != nil && e.Before.Committed.After(until) {
			until = e.Before.Committed
		}
		names[old.Source] = true
		if !h.yieldAcrossRenames(ctx, old, until, yield, names) {
			return false
		}
	}
	return true
}

// maxNames is how many names the log of a folder follows at most.
const maxNames = 32

// wasRenamed tells whether a folder that the cache knows ever got its name by a rename.
func (h *History) wasRenamed(ctx context.Context, folder string) (bool, error) {
	f, ok, err := h.read.Newest(ctx, folder)
	if err != nil || !ok {
		return false, err
	}
	for v, err := range h.read.Chain(ctx, f) {
		if err != nil || isRenamedFolder(&v) {
			return err == nil, err
		}
	}
	return false, nil
}

// inCommitOrder yields the versions at and below path in the order of the commits, newest first.
// With follow, and from where a rename made path on, also those at and below its earlier name.
func (h *History) inCommitOrder(ctx context.Context, path string, follow bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		names := []string{path}
		at, from := versions.Selector(versions.AtOrBelow(path)), h.read.Tip
		for renamed := true; renamed; {
			renamed = false
			for f, err := range h.read.Walk(ctx, from, at) {
				var e Entry
				if err == nil {
					e, err = h.entryOf(ctx, f)
				}
				if !yield(e, err) || err != nil {
					return
				}
				renamed = follow && isRenamedFolder(&f) && slices.Contains(names, f.Source) && !slices.Contains(names, f.RenamedFrom) && len(names) < maxNames
				if renamed {
					names = append(names, f.RenamedFrom)
					at, from = versions.AtOrBelowAny(names), f.Parent
					break
				}
			}
		}
	}
}

// isRenamedFolder tells whether a version is of a folder that got its name by a rename.
func isRenamedFolder(f *versions.Located) bool { return f.Folder && f.RenamedFrom != "" }

// earlierName finds the last version of e's source under an earlier name. That is the name in the
// record, or the name of a source with the same content that was deleted in the same run.
func (h *History) earlierName(ctx context.Context, e *Entry, names map[string]bool) (versions.Located, bool, error) {
	name := e.RenamedFrom
	if name == "" && e.Before == nil && e.Event == record.Added && e.Size > 0 {
		// In the first run nothing can have been renamed, and in a very large one it is not
		// searched for.
		run, err := h.runBefore(ctx, &e.Version)
		if err == nil && !run.isUnknown() {
			name, err = h.deletedWithContent(ctx, e)
		}
		if err != nil {
			return versions.Located{}, false, err
		}
	}
	if name == "" || names[name] {
		return versions.Located{}, false, nil
	}
	f, ok, err := h.read.Newest(ctx, name)
	if err != nil || !ok {
		return versions.Located{}, false, err
	}
	for v, err := range h.read.Chain(ctx, f) {
		if err != nil {
			return versions.Located{}, false, err
		}
		if v.Event == record.Deleted && v.Scan == e.Scan {
			return h.read.Before(ctx, v)
		}
		if !v.Ends() && v.Committed.Before(e.Committed) {
			return v, true, nil
		}
	}
	return versions.Located{}, false, nil
}

// deletedWithContent returns the source that was deleted in e's run and last had e's content; ""
// for none.
func (h *History) deletedWithContent(ctx context.Context, e *Entry) (string, error) {
	if heads := h.read.CachedHeads("/"); len(heads) > 0 {
		for source, head := range heads {
			if !head.Deleted || head.Blob != e.Blob {
				continue
			}
			f, selected, err := h.read.Commit(head.Commit, versions.OnlySource(source))
			if err != nil {
				return "", err
			}
			if selected && f.Scan == e.Scan {
				return source, nil
			}
		}
		return "", nil
	}
	for f, err := range h.versionsOfRun(ctx, e) {
		if err != nil {
			return "", err
		}
		if !f.Ends() {
			continue
		}
		before, ok, err := h.read.Before(ctx, f)
		if err != nil {
			return "", err
		}
		if ok && before.Blob == e.Blob {
			return f.Source, nil
		}
	}
	return "", nil
}

// versionsOfRun yields the versions of e's run. It reads at most maxRun commits before e and as
// many after it.
func (h *History) versionsOfRun(ctx context.Context, e *Entry) iter.Seq2[versions.Located, error] {
	return func(yield func(versions.Located, error) bool) {
		of := versions.VersionsOf(e.Scan)
		for n, id := 0, e.Commit; n < maxRun && !id.IsZero(); n++ {
			f, selected, err := h.read.Commit(id, of)
			if err == nil && !selected {
				break
			}
			if !yield(f, err) || err != nil {
				return
			}
			id = f.Parent
		}
		younger, err := h.commitsAfter(ctx, e.Commit)
		if err != nil {
			yield(versions.Located{}, err)
			return
		}
		for n, id := range slices.Backward(younger) {
			f, selected, err := h.read.Commit(id, of)
			if err == nil && (!selected || len(younger)-n > maxRun) {
				return
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// commitsAfter lists the commits from the tip along first parents, up to the one before id; none
// where id is not among them.
func (h *History) commitsAfter(ctx context.Context, id object.ID) ([]object.ID, error) {
	var ids []object.ID
	for at := h.read.Tip; at != id; {
		if at.IsZero() {
			return nil, ctx.Err()
		}
		if rest, ok := h.read.CommitsBetween(at, id); ok {
			return append(ids, rest...), nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ids = append(ids, at)
		f, _, err := h.read.Commit(at, versions.NoVersion{})
		if err != nil {
			return nil, err
		}
		at = f.Parent
	}
	return ids, nil
}
