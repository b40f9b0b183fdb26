package watch

import (
	"strings"

	"timemachine/repo"
	"timemachine/repo/durable"
)

// Heads tells what the cache knows of the sources at and below path ("/": all). It is a repo.Options.Heads.
func Heads(state *durable.Dir, path string) repo.Heads {
	k := loadCache(state)
	heads := repo.Heads{Tip: k.tip, Sources: map[string]repo.Head{}}
	below := strings.TrimSuffix(path, "/") + "/"
	for source, s := range k.sources {
		if source == path || strings.HasPrefix(source, below) {
			heads.Sources[source] = repo.Head{Commit: s.commit, Blob: s.blob, Deleted: s.deleted}
		}
	}
	return heads
}
