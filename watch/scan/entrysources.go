package watch

import (
	"context"
	"io/fs"
	"slices"
	"timemachine/watch/config"

	"golang.org/x/sys/unix"
)

// Selected is what one entry selects at the moment.
type Selected struct {
	Entry *config.Entry
	Paths []string // in order
	Err   error    // the first thing that could not be looked at, or nil
}

// Selection looks at what each entry selects now, without reading any content. Folders in skip (the destination) are
// not walked into.
func Selection(ctx context.Context, c *config.Config, skip []string) []Selected {
	var dev, ino uint64
	for _, path := range skip {
		if k, err := statAt(unix.AT_FDCWD, path, 0); err == nil {
			dev, ino = k.Dev, k.Ino
		}
	}
	all := make([]Selected, 0, len(c.Entries))
	for _, e := range c.Entries {
		s := newScan(ctx, [2]uint64{dev, ino}, newKnowledge())
		one := Selected{Entry: e, Err: s.look(e, e.Root)}
		for _, f := range s.found {
			if !f.kept {
				one.Paths = append(one.Paths, f.path)
			}
		}
		slices.Sort(one.Paths)
		if one.Err == nil && len(s.missing) > 0 {
			one.Err = &fs.PathError{Op: "lstat", Path: e.Root, Err: unix.ENOENT}
		}
		for _, p := range s.problems {
			if one.Err == nil && p.Err != nil {
				one.Err = &fs.PathError{Op: "read", Path: p.Path, Err: p.Err}
			}
		}
		all = append(all, one)
	}
	return all
}
