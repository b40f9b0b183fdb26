package watch

import (
	"bytes"
	"strings"

	"timemachine/repo"
	"timemachine/repo/durable"
)

// Heads tells what the cache knows of the sources at and below path ("/": all); nothing where it cannot be used. It is a
// repo.Options.Heads.
func Heads(state *durable.Dir, path string) repo.Heads {
	b, err := state.ReadFile(cacheName, maxCache)
	if err != nil {
		return repo.Heads{}
	}
	d, tip, n, err := openCache(b)
	if err != nil {
		return repo.Heads{}
	}
	heads := repo.Heads{Tip: tip, Sources: map[string]repo.Head{}}
	below := []byte(strings.TrimSuffix(path, "/") + "/")
	var s known
	for range n {
		name := d.take(d.unsigned())
		d.state(&s)
		if string(name) == path || bytes.HasPrefix(name, below) {
			heads.Sources[string(name)] = repo.Head{Commit: s.commit, Blob: s.blob, Deleted: s.deleted}
		}
	}
	if d.bad {
		return repo.Heads{}
	}
	return heads
}
