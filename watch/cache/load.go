package cache

import (
	"context"
	"errors"
	"strings"
	"sync"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/watch/disk"
)

// commitSource reads the commits that a cache is brought up to date from: a repo.Repo or a
// history.History.
type commitSource interface {
	Walk(ctx context.Context, tip, base object.ID, visit func(v record.Version, recorded bool) error) error
	Files(tip object.ID) (map[string]object.TreeEntry, error)
}

// Load reads the cache of a repository and brings it up to date with the commit tip. Where the
// cache is missing or damaged, it reads all commits.
func Load(ctx context.Context, r *repo.Repo, tip object.ID) (*Cache, error) {
	return readCache(r.State()).update(ctx, r, tip)
}

// LoadForHistory reads the cache and brings it up to date with the tip of h. A nil h gives an empty
// cache. A run that ends meanwhile can leave the cache ahead of the tip that h has; then
// LoadForHistory refreshes h.
func LoadForHistory(ctx context.Context, h *history.History) (*Cache, error) {
	if h == nil {
		return New(), nil
	}
	load := func() *Cache {
		if h.State() == nil {
			return New()
		}
		return readCache(h.State())
	}
	c, err := load().update(ctx, h, h.Tip())
	var state *refusal.Error
	if !errors.As(err, &state) || state.Kind != refusal.Rewritten {
		return c, err
	}
	if err := h.Refresh(); err != nil {
		return nil, err
	}
	return load().update(ctx, h, h.Tip())
}

// update brings the cache up to date with tip. It closes the cache on an error.
func (c *Cache) update(ctx context.Context, r commitSource, tip object.ID) (_ *Cache, err error) {
	c.runs = sync.OnceValue(func() map[string]uint32 { return newestRuns(ctx, r, tip) })
	if c.Tip == tip {
		return c, nil
	}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	foreign := c.Tip.IsZero()
	var runs runCounter
	err = r.Walk(ctx, tip, c.Tip, func(v record.Version, recorded bool) error {
		if !recorded {
			foreign = true
			return nil
		}
		c.apply(&v, runs.of(&v))
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.Tip = tip
	if foreign {
		err = c.compareTree(r)
	}
	if len(c.overlay) > c.base.count {
		c.compact()
	}
	return c, err
}

// runCounter counts runs back from the tip of a walk.
type runCounter struct {
	n    uint32
	last string // the run of the version before
}

// of returns which run has recorded the next version: 1 for the newest.
func (r *runCounter) of(v *record.Version) uint32 {
	if r.n == 0 || r.last != v.Scan {
		r.n, r.last = r.n+1, strings.Clone(v.Scan)
	}
	return r.n
}

// newestRuns returns by which run each source was recorded last. Where the commits cannot be read,
// nothing is known.
func newestRuns(ctx context.Context, r commitSource, tip object.ID) map[string]uint32 {
	newest := map[string]uint32{}
	var runs runCounter
	err := r.Walk(ctx, tip, object.ID{}, func(v record.Version, recorded bool) error {
		if !recorded {
			return nil
		}
		n := runs.of(&v)
		if newest[v.Source] == 0 {
			newest[strings.Clone(v.Source)] = n
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return newest
}

// apply takes over a version that a walk back from the tip finds. The first version of a source is
// its newest. The run that recorded it is counted back from the tip.
func (c *Cache) apply(v *record.Version, runsAgo uint32) {
	s := c.FindOrAdd(v.Source)
	if !s.unsaved {
		c.MarkChanged(s)
		s.SetVersion(v)
		s.Stat, s.runsAgo = disk.Stat{}, runsAgo
		return
	}
	if s.Deleted && s.Blob.IsZero() && !v.Ends() {
		s.Mode, s.UID, s.GID = v.Mode, v.UID, v.GID
	}
	if !v.Ends() && v.Mtime.After(s.LatestMtime) {
		s.LatestMtime = v.Mtime
	}
}

// compareTree marks the states that the tree of the tip does not agree with as stale, and those of
// sources at a former place: their next versions take them from there.
func (c *Cache) compareTree(r commitSource) error {
	tree, err := r.Files(c.Tip)
	if err != nil {
		return err
	}
	for all := c.iterate(); all.next(); {
		e, there := record.InTree(tree, all.Source)
		s := all.state()
		v := record.Version{Record: record.Record{Source: s.Source, Blob: s.Blob, Mode: s.Mode, Link: s.Link, Folder: s.Folder}}
		if s.Deleted {
			v.Event = record.Deleted
		}
		stale := !record.Agrees(&v, e, there) || !s.Deleted && record.IsAtFormerPath(tree, all.Source)
		if stale != s.Stale {
			s = all.modify()
			s.Stale = stale
			c.MarkChanged(s)
		}
	}
	return nil
}

// NewestVersions returns the newest version of each source at or below path, as the cache has them.
// Sources without a version are left out. The result is empty where the cache cannot be used. It
// serves as history.Options.Heads.
func NewestVersions(state *durable.Dir, path string) (heads history.Heads) {
	_ = durable.Guard(func() error { // on a fault the caller reads the commits
		c := readCache(state)
		defer c.Close()
		heads = c.newest(path)
		return nil
	})
	return heads
}

// Tip returns the commit that the cache describes, zero where the cache cannot be used. It
// serves as history.Options.Remembered.
func Tip(state *durable.Dir) (tip object.ID) {
	_ = durable.Guard(func() error {
		c := readCache(state)
		defer c.Close()
		tip = c.Tip
		return nil
	})
	return tip
}

// newest returns the newest version of each recorded source at or below path.
func (c *Cache) newest(path string) history.Heads {
	if c.Tip.IsZero() {
		return history.Heads{}
	}
	heads := history.Heads{Tip: c.Tip, Sources: map[string]history.Head{}}
	add := func(s *State) {
		if s.Commit.IsZero() {
			return // it changed during each read so far, and has no version
		}
		heads.Sources[s.Source] = history.Head{Commit: s.Commit, Blob: s.Blob, Deleted: s.Deleted}
	}
	for i := c.base.search(path); i < c.base.count && disk.Inside(c.base.source(i), path); i++ {
		add(c.base.state(i))
	}
	for source, s := range c.overlay {
		if disk.Inside(source, path) {
			add(s)
		}
	}
	return heads
}
