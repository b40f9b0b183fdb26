package watch

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

// learn reads the cache and brings it up to tip from the commits; without a cache that can be used, from all of them.
func learn(ctx context.Context, r *repo.Repo, tip object.ID) (*knowledge, error) {
	return loadCache(r.State()).follow(ctx, r, tip)
}

// recall is what the last run knew, brought up to the newest commit. A run that ends between the looks at the branch and
// at the cache leaves the cache ahead: then the branch is looked at again.
func recall(ctx context.Context, h *repo.History) (*knowledge, error) {
	if h == nil {
		return newKnowledge(), nil
	}
	load := func() *knowledge {
		if h.State() == nil {
			return newKnowledge()
		}
		return loadCache(h.State())
	}
	k, err := load().follow(ctx, h, h.Tip())
	var state *refusal.Error
	if !errors.As(err, &state) || state.Kind != refusal.Rewritten {
		return k, err
	}
	if err := h.Refresh(); err != nil {
		return nil, err
	}
	return load().follow(ctx, h, h.Tip())
}

// follow brings k up to tip.
func (k *knowledge) follow(ctx context.Context, r commits, tip object.ID) (_ *knowledge, err error) {
	if k.tip == tip {
		return k, nil
	}
	defer func() {
		if err != nil {
			k.close()
		}
	}()
	foreign := k.tip.IsZero()
	err = r.Walk(ctx, tip, k.tip, func(v record.Version, ours bool) error {
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
	k.tip = tip
	if foreign {
		err = k.compareTree(r)
	}
	if len(k.fresh) > k.base.n {
		k.compact()
	}
	return k, err
}

// apply takes a version found while walking back: the first of a source is its newest.
func (k *knowledge) apply(v *record.Version) {
	s := k.obtain(v.Source)
	if !s.unsaved {
		k.note(s)
		s.take(v)
		s.key = key{}
		return
	}
	if s.deleted && s.blob.IsZero() && v.Event != record.Deleted {
		s.mode, s.uid, s.gid = v.Mode, v.UID, v.GID
	}
	if v.Event != record.Deleted && v.Mtime.After(s.latest) {
		s.latest = v.Mtime
	}
}

// compareTree finds the sources whose newest record the tree disagrees with.
func (k *knowledge) compareTree(r commits) error {
	tree, err := r.Files(k.tip)
	if err != nil {
		return err
	}
	for all := k.read(); all.next(); {
		e, there := record.InTree(tree, all.source)
		s := all.full()
		v := record.Version{Record: record.Record{Source: s.source, Blob: s.blob, Mode: s.mode, Link: s.link}}
		if s.deleted {
			v.Event = record.Deleted
		}
		if stale := !record.Agrees(&v, e, there); stale != s.stale {
			s = all.own()
			s.stale = stale
			k.note(s)
		}
	}
	return nil
}
