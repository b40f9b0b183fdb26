package watch

import (
	"context"
	"time"

	"timemachine/repo"
	"timemachine/repo/layout"
	"timemachine/repo/object"
	"timemachine/repo/record"
)

// known is what the last run knew of one source: its newest record, and the file's state when it was looked at.
type known struct {
	source  string
	key     key // zero: not looked at since the records were read again
	blob    object.ID
	commit  object.ID
	mtime   time.Time // of the newest record
	latest  time.Time // the latest mtime of all its records
	mode    uint32
	uid     uint32
	gid     uint32
	size    int64
	link    bool
	deleted bool
	doubt   bool  // looked at so soon after a change that another may hide behind the same state
	stale   bool  // the tree does not hold what the record says
	torn    uint8 // runs in a row in which it changed while it was read
}

// content is what the source held last; zero where nothing is known.
func (k *known) content() object.ID {
	if k == nil {
		return object.ID{}
	}
	return k.blob
}

// take makes k what version v says.
func (k *known) take(v *repo.Version) {
	k.source, k.commit = v.Source, v.Commit
	k.deleted, k.stale = v.Event == record.Deleted, false
	if k.deleted {
		k.key = key{}
		return
	}
	k.blob, k.mtime, k.mode, k.uid, k.gid, k.size, k.link = v.Blob, v.Mtime, v.Mode, v.UID, v.GID, v.Size, v.Link
	if v.Mtime.After(k.latest) {
		k.latest = v.Mtime
	}
}

// knowledge is all of it, and the commit it is true of.
type knowledge struct {
	tip     object.ID
	sources map[string]*known
	changed bool // since it was saved
}

// commits are what knowledge is made of: a repo.Repo, or a repo.History.
type commits interface {
	Walk(ctx context.Context, tip, base object.ID, visit func(v repo.Version, ours bool) error) error
	Files(tip object.ID) (map[string]object.TreeEntry, error)
}

// learn reads the cache and brings it up to tip from the commits; without a cache that can be used, from all of them.
func learn(ctx context.Context, r *repo.Repo, tip object.ID) (*knowledge, error) {
	return loadCache(r.State()).follow(ctx, r, tip)
}

// follow brings k up to tip.
func (k *knowledge) follow(ctx context.Context, r commits, tip object.ID) (*knowledge, error) {
	if k.tip == tip {
		return k, nil
	}
	k.changed = true
	foreign := k.tip.IsZero()
	updated := map[string]bool{}
	err := r.Walk(ctx, tip, k.tip, func(v repo.Version, ours bool) error {
		if !ours {
			foreign = true
			return nil
		}
		k.apply(&v, updated)
		return nil
	})
	if err != nil {
		return nil, err
	}
	k.tip = tip
	if foreign {
		err = k.compareTree(r)
	}
	return k, err
}

// apply takes a version found while walking back: the first of a source is its newest.
func (k *knowledge) apply(v *repo.Version, updated map[string]bool) {
	s := k.sources[v.Source]
	if s == nil {
		s = &known{}
		k.sources[v.Source] = s
	}
	if !updated[v.Source] {
		updated[v.Source] = true
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
	for source, s := range k.sources {
		path, err := layout.TreePath(source)
		if err != nil {
			return err
		}
		e, there := tree[path]
		v := repo.Version{Record: record.Record{Source: source, Blob: s.blob, Mode: s.mode, Link: s.link}}
		if s.deleted {
			v.Event = record.Deleted
		}
		s.stale = !repo.Agrees(&v, e, there)
	}
	return nil
}
