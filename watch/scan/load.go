package scan

import (
	"context"
	"errors"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// commitSource are what knowledge is made of: a repo.Repo, or a repo.History.
type commitSource interface {
	Walk(ctx context.Context, tip, base object.ID, visit func(v record.Version, ours bool) error) error
	Files(tip object.ID) (map[string]object.TreeEntry, error)
}

// Load reads the cache and brings it up to tip from the commits; without a cache that can be used,
// from all of them.
func Load(ctx context.Context, r *repo.Repo, tip object.ID) (*Cache, error) {
	return readCache(r.State()).update(ctx, r, tip)
}

// LoadForHistory is what the last run knew, brought up to the newest commit. A run that ends
// between the looks at the branch and at the cache leaves the cache ahead: then the branch is
// looked at again.
func LoadForHistory(ctx context.Context, h *repo.History) (*Cache, error) {
	if h == nil {
		return newCache(), nil
	}
	load := func() *Cache {
		if h.State() == nil {
			return newCache()
		}
		return readCache(h.State())
	}
	k, err := load().update(ctx, h, h.Tip())
	var state *refusal.Error
	if !errors.As(err, &state) || state.Kind != refusal.Rewritten {
		return k, err
	}
	if err := h.Refresh(); err != nil {
		return nil, err
	}
	return load().update(ctx, h, h.Tip())
}

// update brings k up to tip.
func (k *Cache) update(ctx context.Context, r commitSource, tip object.ID) (_ *Cache, err error) {
	if k.Tip == tip {
		return k, nil
	}
	defer func() {
		if err != nil {
			k.Close()
		}
	}()
	foreign := k.Tip.IsZero()
	err = r.Walk(ctx, tip, k.Tip, func(v record.Version, ours bool) error {
		if !ours {
			foreign = true
			return nil
		}
		k.apply(&v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	k.Tip = tip
	if foreign {
		err = k.compareTree(r)
	}
	if len(k.overlay) > k.base.count {
		k.compact()
	}
	return k, err
}

// apply takes a version found while walking back: the first of a source is its newest.
func (k *Cache) apply(v *record.Version) {
	s := k.FindOrAdd(v.Source)
	if !s.unsaved {
		k.MarkChanged(s)
		s.SetVersion(v)
		s.Stat = Stat{}
		return
	}
	if s.Deleted && s.Blob.IsZero() && v.Event != record.Deleted {
		s.Mode, s.UID, s.GID = v.Mode, v.UID, v.GID
	}
	if v.Event != record.Deleted && v.Mtime.After(s.LatestMtime) {
		s.LatestMtime = v.Mtime
	}
}

// compareTree finds the sources whose newest record the tree disagrees with.
func (k *Cache) compareTree(r commitSource) error {
	tree, err := r.Files(k.Tip)
	if err != nil {
		return err
	}
	for all := k.iterate(); all.next(); {
		e, there := record.InTree(tree, all.source)
		s := all.state()
		v := record.Version{Record: record.Record{Source: s.source, Blob: s.Blob, Mode: s.Mode, Link: s.Link}}
		if s.Deleted {
			v.Event = record.Deleted
		}
		if stale := !record.Agrees(&v, e, there); stale != s.Stale {
			s = all.modify()
			s.Stale = stale
			k.MarkChanged(s)
		}
	}
	return nil
}

// NewestVersions tells what the cache knows of the sources at and below path ("/": all); nothing
// where it cannot be used. It is a repo.Options.Heads.
func NewestVersions(state *durable.Dir, path string) (heads repo.Heads) {
	_ = durable.Guard(func() error { // without the cache the history is asked
		k := readCache(state)
		defer k.Close()
		heads = k.newest(path)
		return nil
	})
	return heads
}

// CacheTip is the commit that the cache is true of, zero where it cannot be used. It is a
// repo.Options.Remembered.
func CacheTip(state *durable.Dir) (tip object.ID) {
	_ = durable.Guard(func() error {
		k := readCache(state)
		defer k.Close()
		tip = k.Tip
		return nil
	})
	return tip
}

func (k *Cache) newest(path string) repo.Heads {
	if k.Tip.IsZero() {
		return repo.Heads{}
	}
	heads := repo.Heads{Tip: k.Tip, Sources: map[string]repo.Head{}}
	add := func(s *SourceState) {
		heads.Sources[s.source] = repo.Head{Commit: s.Commit, Blob: s.Blob, Deleted: s.Deleted}
	}
	for i := k.base.search(path); i < k.base.count && inside(k.base.source(i), path); i++ {
		add(k.base.state(i))
	}
	for source, s := range k.overlay {
		if inside(source, path) {
			add(s)
		}
	}
	return heads
}
