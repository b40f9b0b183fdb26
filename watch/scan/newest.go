package watch

import (
	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// Heads tells what the cache knows of the sources at and below path ("/": all); nothing where it cannot be used. It is a
// repo.Options.Heads.
func Heads(state *durable.Dir, path string) (heads repo.Heads) {
	_ = durable.Guard(func() error { // without the cache the history is asked
		k := loadCache(state)
		defer k.close()
		heads = k.heads(path)
		return nil
	})
	return heads
}

// Tip is the commit that the cache is true of, zero where it cannot be used. It is a repo.Options.Remembered.
func Tip(state *durable.Dir) (tip object.ID) {
	_ = durable.Guard(func() error {
		k := loadCache(state)
		defer k.close()
		tip = k.tip
		return nil
	})
	return tip
}

func (k *knowledge) heads(path string) repo.Heads {
	if k.tip.IsZero() {
		return repo.Heads{}
	}
	heads := repo.Heads{Tip: k.tip, Sources: map[string]repo.Head{}}
	add := func(s *known) {
		heads.Sources[s.source] = repo.Head{Commit: s.commit, Blob: s.blob, Deleted: s.deleted}
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
