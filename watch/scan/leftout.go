package scan

import (
	"context"
	"io/fs"
	"path/filepath"

	"timemachine/watch/config"
)

// LeftOut finds a path that an entry would select without the exclusions of the configuration, and
// the exclusion that leaves it out; rule is nil where it finds none. It looks at names alone, and
// no further than the first such path. Default exclusions do not count.
func LeftOut(ctx context.Context, c *config.Config) (path string, rule *config.Rule) {
	for _, e := range c.Entries {
		_ = filepath.WalkDir(e.Root, func(p string, d fs.DirEntry, err error) error {
			if err != nil && p != e.Root {
				return nil // what cannot be read selects nothing
			}
			if err != nil || ctx.Err() != nil || p == e.Root && !d.IsDir() {
				return fs.SkipAll
			}
			selected := e.IsLiteral() || e.MatchesUpwards(p)
			by := e.ExcludedBy(p, d.IsDir())
			switch {
			case p == e.Root:
			case by != nil && !by.IsDefault() && (selected || d.IsDir() && e.MayContain(p)):
				path, rule = p, by
				return fs.SkipAll
			case d.IsDir() && (by != nil || !selected && !e.MayContain(p)):
				return fs.SkipDir
			}
			return nil
		})
		if rule != nil {
			return path, rule
		}
	}
	return "", nil
}
