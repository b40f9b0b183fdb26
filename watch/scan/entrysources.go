package scan

import (
	"context"
	"io/fs"
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/watch/config"
)

// EntrySources is what one entry selects at the moment.
type EntrySources struct {
	Entry *config.Entry
	Paths []string // in order
	Err   error    // the first thing that could not be looked at, or nil
}

// SourcesByEntry looks at what each entry selects now, without reading any content. Folders in skip
// (the destination) are not walked into.
func SourcesByEntry(ctx context.Context, c *config.Config, skip []string) []EntrySources {
	var dev, ino uint64
	for _, path := range skip {
		if k, err := StatAt(unix.AT_FDCWD, path, 0); err == nil {
			dev, ino = k.Dev, k.Ino
		}
	}
	all := make([]EntrySources, 0, len(c.Entries))
	for _, e := range c.Entries {
		s := newScan(ctx, [2]uint64{dev, ino}, newCache())
		one := EntrySources{Entry: e, Err: s.scanEntry(e, e.Root)}
		for _, f := range s.found {
			if !f.skipped {
				one.Paths = append(one.Paths, f.Path)
			}
		}
		slices.Sort(one.Paths)
		if one.Err == nil && len(s.Missing) > 0 {
			one.Err = &fs.PathError{Op: "lstat", Path: e.Root, Err: unix.ENOENT}
		}
		for _, p := range s.Problems {
			if one.Err == nil && p.Err != nil {
				one.Err = &fs.PathError{Op: "read", Path: p.Path, Err: p.Err}
			}
		}
		all = append(all, one)
	}
	return all
}
