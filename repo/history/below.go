package history

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/versions"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Below lists the versions that were in force at the point, of all sources at and below path ("/":
// everything), in the order of their paths, those of folders among them. It leaves out deletions,
// and Entry.Before. What a number of versions back means, Resolve says. Errors: *UnknownError,
// *BeforeError. Where everything was deleted at the point, the list is empty.
func (h *History) Below(ctx context.Context, path string, p Point) ([]Entry, error) {
	p, err := h.Resolve(ctx, path, p)
	if err != nil {
		return nil, err
	}
	list, err := h.below(ctx, path, p)
	if !p.Time.IsZero() { // an end may be noticed after the mtime of what took the place
		slices.SortFunc(list, func(a, b Entry) int {
			return cmp.Or(b.Since.Compare(a.Since), b.CaptureTime().Compare(a.CaptureTime()))
		})
		list = layout.Disjoint(list, func(e Entry) string { return e.Source }, func(e Entry) bool { return e.Folder })
		slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Source, b.Source) })
	}
	return list, err
}

// below is Below for a commit or a moment, at which versions may overlap.
func (h *History) below(ctx context.Context, path string, p Point) ([]Entry, error) {
	if heads := h.read.CachedHeads(path); len(heads) > 0 && p.Commit.IsZero() {
		return h.belowCached(ctx, path, p, slices.Sorted(maps.Keys(heads)))
	}
	return (&belowWalk{h: h, p: p, at: versions.AtOrBelow(path), state: map[string]*candidate{}}).collect(ctx, path)
}

// belowCached is Below for sources that the cache knows. It goes back from the newest version of
// each.
func (h *History) belowCached(ctx context.Context, path string, p Point, sources []string) ([]Entry, error) {
	var list []Entry
	var before *BeforeError
	some := false
	for _, source := range sources {
		e, err := h.At(ctx, source, p)
		var unknown *UnknownError
		var early *BeforeError
		var absent *AbsentError
		switch {
		case errors.As(err, &unknown):
			continue
		case errors.As(err, &early):
			if before == nil || early.First.Since.Before(before.First.Since) {
				before = early
			}
			continue
		case errors.As(err, &absent):
		case err != nil:
			return nil, err
		default:
			e.Before = nil
			list = append(list, e)
		}
		some = true
	}
	switch {
	case some:
		return list, nil
	case before != nil:
		return nil, &BeforeError{Path: path, First: before.First}
	}
	return nil, &UnknownError{Path: path}
}

// belowWalk collects the versions in force by a walk, with one candidate for each source.
type belowWalk struct {
	h     *History
	p     Point
	at    *versions.Scope
	state map[string]*candidate
	first *Entry // the oldest version that is not in force
}

// candidate is what a walk has found of one source so far. Newer versions come first.
type candidate struct {
	pending *record.Version // from when on it was in force depends on the version before it
	done    *Entry          // the version in force at the point
}

// collect walks and returns the versions in force.
func (b *belowWalk) collect(ctx context.Context, path string) ([]Entry, error) {
	from := b.p.Commit
	if from.IsZero() {
		from = b.h.read.Tip
	}
	alone, err := b.isFile(from, path)
	if err != nil {
		return nil, err
	}
	for f, err := range b.h.read.Walk(ctx, from, b.at) {
		if err != nil {
			return nil, err
		}
		decided, err := b.add(ctx, f)
		if err != nil {
			return nil, err
		}
		if decided && alone && f.Source == path {
			break
		}
	}
	return b.result(ctx, path)
}

// isFile tells whether the tree of a commit holds a file or link at path, so that its version is
// the only one in force there.
func (b *belowWalk) isFile(from object.ID, path string) (bool, error) {
	if !b.p.Time.IsZero() {
		return false, nil
	}
	e, ok, err := b.h.read.TreeEntry(from, path)
	return ok && !e.Mode.IsTree(), err
}

// add adds a version to the candidates and tells whether it decides its source.
func (b *belowWalk) add(ctx context.Context, f versions.Located) (bool, error) {
	c := b.state[f.Source]
	if c == nil {
		c = &candidate{}
		b.state[f.Source] = c
	}
	if c.done != nil {
		return false, nil
	}
	if b.p.Time.IsZero() {
		e, err := b.h.entryOf(ctx, f)
		e.Before = nil
		c.done = &e
		return err == nil, err
	}
	if c.pending != nil {
		e, err := b.h.newEntry(ctx, c.pending, &f.Version)
		if err != nil {
			return false, err
		}
		if b.p.selects(&e, 0) {
			e.Before = nil
			c.done, c.pending = &e, nil
			return true, nil
		}
	}
	c.pending = &f.Version
	return false, nil
}

// result lists the versions in force after the walk.
func (b *belowWalk) result(ctx context.Context, path string) ([]Entry, error) {
	var list []Entry
	some := false
	for _, source := range slices.Sorted(maps.Keys(b.state)) {
		c := b.state[source]
		if c.pending != nil {
			e, err := b.h.newEntry(ctx, c.pending, nil)
			if err != nil {
				return nil, err
			}
			if b.p.selects(&e, 0) {
				c.done = &e
			} else if b.first == nil || e.Since.Before(b.first.Since) {
				b.first = &e
			}
		}
		if c.done == nil {
			continue
		}
		some = true
		if !c.done.Ends() {
			list = append(list, *c.done)
		}
	}
	switch {
	case some:
		return list, nil
	case b.first != nil:
		return nil, &BeforeError{Path: path, First: *b.first}
	}
	return nil, b.h.errorBelow(ctx, path, b.p)
}

// errorBelow is the error for a path without any version at the point: it has none at all, or only
// later ones.
func (h *History) errorBelow(ctx context.Context, path string, p Point) error {
	if p.Commit.IsZero() {
		return &UnknownError{Path: path}
	}
	var first *versions.Located
	for f, err := range h.read.Walk(ctx, h.read.Tip, versions.AtOrBelow(path)) {
		if err != nil {
			return err
		}
		first = &f
	}
	if first == nil {
		return &UnknownError{Path: path}
	}
	e, err := h.newEntry(ctx, &first.Version, nil)
	if err != nil {
		return err
	}
	return &BeforeError{Path: path, First: e}
}
