package history

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"timemachine/repo/internal/versions"
	"timemachine/repo/record"
)

// Deleted yields the deletions of what is deleted now at and below path ("/": everything), each
// with the version before it: run by run, the newest first, and in each by path. It leaves out what
// the run renamed, and files in whose place there is a folder now. An unknown path yields nothing.
func (h *History) Deleted(ctx context.Context, path string) iter.Seq2[[]Entry, error] {
	return func(yield func([]Entry, error) bool) {
		list, err := h.deletions(ctx, path)
		if err != nil {
			yield(nil, err)
			return
		}
		slices.SortFunc(list, func(a, b Entry) int { return b.CaptureTime().Compare(a.CaptureTime()) })
		for len(list) > 0 {
			n := slices.IndexFunc(list, func(e Entry) bool { return e.Scan != list[0].Scan })
			if n < 0 {
				n = len(list)
			}
			run, err := h.stillGone(ctx, list[:n])
			slices.SortFunc(run, func(a, b Entry) int { return cmp.Compare(a.Source, b.Source) })
			if list = list[n:]; err == nil && len(run) == 0 {
				continue
			}
			if !yield(run, err) || err != nil {
				return
			}
		}
	}
}

// deletions are the newest versions at and below path that are deletions. Where the cache has the
// path, only these are read.
func (h *History) deletions(ctx context.Context, path string) ([]Entry, error) {
	heads := h.read.CachedHeads(path)
	if len(heads) == 0 {
		return h.searchDeletions(ctx, path)
	}
	var list []Entry
	for source, head := range heads {
		if !head.Deleted {
			continue
		}
		f, ok, err := h.read.Newest(ctx, source)
		if err != nil {
			return nil, err
		}
		if ok && f.Event == record.Deleted {
			e, err := h.entryOf(ctx, f)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
	}
	return list, nil
}

func (h *History) searchDeletions(ctx context.Context, path string) ([]Entry, error) {
	var list []Entry
	met := map[string]bool{}
	for f, err := range h.read.Walk(ctx, h.read.Tip, versions.AtOrBelow(path)) {
		if err != nil {
			return nil, err
		}
		if f.Event == record.Deleted && !met[f.Source] {
			e, err := h.entryOf(ctx, f)
			if err != nil {
				return nil, err
			}
			list = append(list, e)
		}
		met[f.Source] = true
	}
	return list, nil
}

// stillGone leaves out of the deletions of one run what the run renamed, files that have a
// folder in their place now, and what was deleted without a version before.
func (h *History) stillGone(ctx context.Context, run []Entry) ([]Entry, error) {
	renamed, err := h.Renames(ctx, &run[0])
	if err != nil {
		return nil, err
	}
	var gone []Entry
	for _, e := range run {
		if e.Before == nil || e.Before.Ends() || renamed[e.Source] != "" {
			continue
		}
		if e.Folder { // files in it that are watched no longer can be in the tree
			gone = append(gone, e)
			continue
		}
		_, inPlace, err := h.read.TreeEntry(h.read.Tip, e.Source)
		if err != nil {
			return nil, err
		}
		if !inPlace {
			gone = append(gone, e)
		}
	}
	return gone, nil
}

// Renames are the new names of the sources that the run of a version renamed, by their old names.
func (h *History) Renames(ctx context.Context, e *Entry) (map[string]string, error) {
	names := map[string]string{}
	for f, err := range h.read.Run(ctx, versions.Located{Version: e.Version}) {
		if err != nil {
			return nil, err
		}
		names[f.RenamedFrom] = f.Source
	}
	return names, nil
}

// NewestBelow returns the newest version at and below path up to a point, deletions included; false
// for none. The point is no number of versions back: see Resolve.
func (h *History) NewestBelow(ctx context.Context, path string, p Point) (Entry, bool, error) {
	if !p.Time.IsZero() {
		for e, err := range h.Log(ctx, LogOptions{Path: path, Until: p.Time.Add(1), Limit: 1}) {
			return e, err == nil, err
		}
		return Entry{}, false, nil
	}
	from := p.Commit
	if from.IsZero() {
		from = h.read.Tip
	}
	for f, err := range h.read.Walk(ctx, from, versions.AtOrBelow(path)) {
		if err != nil {
			return Entry{}, false, err
		}
		e, err := h.entryOf(ctx, f)
		return e, err == nil, err
	}
	return Entry{}, false, nil
}
