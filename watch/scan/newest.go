package scan

import (
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
)

// NewestVersions tells what the cache knows of the sources at and below path ("/": all); nothing
// where it cannot be used. It is a repo.Options.Heads.
func NewestVersions(state *durable.Dir, path string) (heads history.Heads) {
	_ = durable.Guard(func() error { // without the cache the history is asked
		k := readCache(state)
		defer k.Close()
		heads = k.heads(path)
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

func (k *Cache) heads(path string) history.Heads {
	if k.Tip.IsZero() {
		return history.Heads{}
	}
	heads := history.Heads{Tip: k.Tip, Sources: map[string]history.Head{}}
	add := func(s *SourceState) {
		heads.Sources[s.source] = history.Head{Commit: s.Commit, Blob: s.Blob, Deleted: s.Deleted}
	}
	for i := k.base.search(path); i < k.base.n && inside(k.base.source(i), path); i++ {
		add(k.base.known(i))
	}
	for source, s := range k.fresh {
		if inside(source, path) {
			add(s)
		}
	}
	return heads
}
