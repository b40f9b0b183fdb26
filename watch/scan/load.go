package scan

import (
	"context"
	"errors"

	"timemachine/repo"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// commits are what knowledge is made of: a repo.Repo, or a repo.History.
type commits interface {
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
func (k *Cache) update(ctx context.Context, r commits, tip object.ID) (_ *Cache, err error) {
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
	if len(k.fresh) > k.base.n {
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
func (k *Cache) compareTree(r commits) error {
	tree, err := r.Files(k.Tip)
	if err != nil {
		return err
	}
	for all := k.read(); all.next(); {
		e, there := record.InTree(tree, all.source)
		s := all.full()
		v := record.Version{Record: record.Record{Source: s.source, Blob: s.Blob, Mode: s.Mode, Link: s.Link}}
		if s.Deleted {
			v.Event = record.Deleted
		}
		if stale := !record.Agrees(&v, e, there); stale != s.Stale {
			s = all.own()
			s.Stale = stale
			k.MarkChanged(s)
		}
	}
	return nil
}
