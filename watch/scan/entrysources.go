package scan

import (
	"context"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/own"
)

// EntrySources is what one entry selects at the moment: files and links.
type EntrySources struct {
	Entry *config.Entry
	Paths []string // sorted
	Err   error    // the first path that could not be read, or nil
}

// SourcesByEntry returns what each entry of c selects now, without reading any content.
func SourcesByEntry(ctx context.Context, c *config.Config, o *own.Set) []EntrySources {
	all := make([]EntrySources, 0, len(c.Entries))
	for _, e := range c.Entries {
		s := newScan(ctx, c, o, cache.New())
		sources := EntrySources{Entry: e, Err: s.scanEntry(e, e.Root)}
		for _, f := range s.found {
			if !f.skipped && !f.Stat.IsDir() {
				sources.Paths = append(sources.Paths, f.Path)
			}
		}
		slices.Sort(sources.Paths)
		if sources.Err == nil && len(s.Missing) > 0 {
			sources.Err = &fs.PathError{Op: "lstat", Path: e.Root, Err: unix.ENOENT}
		}
		for _, p := range s.Problems {
			if sources.Err == nil && p.Err != nil {
				sources.Err = &fs.PathError{Op: "read", Path: p.Path, Err: p.Err}
			}
		}
		all = append(all, sources)
	}
	return all
}
