package history

import (
	"context"
	"errors"
	"maps"
	"slices"

	"timemachine/repo/git/object"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Below lists the versions of all sources at and below path ("/": everything) that were in force at
// p, in order of their paths, with Before left out. Deleted ones are left out. Where p says how many versions back, those of all sources at and below
// path count together. Errors: *UnknownError, *BeforeError; where everything was deleted at that
// point there are no entries and no error.
func (h *History) Below(ctx context.Context, path string, p Point) ([]Entry, error) {
	if p.Back > 0 {
		return h.belowVersionsBack(ctx, path, p.Back)
	}
	if hint := h.cachedHeads(path); len(hint) > 0 && p.Commit.IsZero() {
		return h.belowCached(ctx, path, p, slices.Sorted(maps.Keys(hint)))
	}
	b := &belowWalk{h: h, p: p, at: atOrBelow(path), state: map[string]*candidate{}}
	return b.collect(ctx, path)
}

// belowVersionsBack goes back over n versions of anything at or below path.
func (h *History) belowVersionsBack(ctx context.Context, path string, n int) ([]Entry, error) {
	count := 0
	var first located
	for f, err := range h.walk(ctx, h.tip, atOrBelow(path)) {
		if err != nil {
			return nil, err
		}
		if count == n {
			return h.Below(ctx, path, Point{Commit: f.Commit})
		}
		count++
		first = f
	}
	if count == 0 {
		return nil, &UnknownError{Path: path}
	}
	e, err := h.newEntry(ctx, &first.Version, nil)
	if err != nil {
		return nil, err
	}
	return nil, &BeforeError{Path: path, First: e, Count: count}
}

// belowCached goes back from the newest version of each source.
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

// belowWalk collects by walking what was in force, one candidate a source.
type belowWalk struct {
	h     *History
	p     Point
	at    *scope
	state map[string]*candidate
	first *Entry // the oldest there is
}

// candidate is what is known so far of one source while its versions come by, newest first.
type candidate struct {
	pending *record.Version // whose place in time depends on the version before it
	done    *Entry          // in force at the point
}

func (b *belowWalk) collect(ctx context.Context, path string) ([]Entry, error) {
	from := b.p.Commit
	if from.IsZero() {
		from = b.h.tip
	}
	wanted, err := b.wanted(from, path)
	if err != nil {
		return nil, err
	}
	for f, err := range b.h.walk(ctx, from, b.at) {
		if err != nil {
			return nil, err
		}
		settled, err := b.take(ctx, f)
		if err != nil {
			return nil, err
		}
		if settled && b.p.Time.IsZero() && wanted[f.Source] {
			if delete(wanted, f.Source); len(wanted) == 0 {
				break
			}
		}
	}
	return b.result(ctx, path)
}

// wanted is the sources that the tree of a commit holds at and below path: when all of them were
// met, what is left can only be deleted. It is empty where that cannot be told.
func (b *belowWalk) wanted(from object.ID, path string) (map[string]bool, error) {
	sources := map[string]bool{}
	if !b.p.Time.IsZero() {
		return sources, nil
	}
	files, err := b.h.filesBelow(from, path)
	for treePath := range files {
		source, ok := layout.Source(treePath)
		if !ok {
			return map[string]bool{}, err // a shortened name: only records tell
		}
		sources[source] = true
	}
	return sources, err
}

// take notes a version; true where its source is settled by it.
func (b *belowWalk) take(ctx context.Context, f located) (bool, error) {
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
		if c.done.Event != record.Deleted {
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

// errorBelow tells a path that is not known at all from one that came after a commit.
func (h *History) errorBelow(ctx context.Context, path string, p Point) error {
	if p.Commit.IsZero() {
		return &UnknownError{Path: path}
	}
	var first *located
	for f, err := range h.walk(ctx, h.tip, atOrBelow(path)) {
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
