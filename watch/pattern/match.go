package pattern

import "path/filepath"

// Matches tells whether the glob names this path, which is absolute and clean.
func (g *Glob) Matches(path string) bool {
	if g.IsLiteral() {
		return path == g.Root
	}
	rel, ok := g.underRoot(path)
	if !ok {
		return false
	}
	for _, segments := range g.alternatives {
		if matchSegments(segments, rel) {
			return true
		}
	}
	return false
}

// MayContain tells whether a path below the folder dir could match. A walk skips dir otherwise. A
// walk takes all below a folder that matches, without asking.
func (g *Glob) MayContain(dir string) bool {
	if _, above := Below(dir, g.Root); above {
		return true
	}
	if g.IsLiteral() {
		return false
	}
	rel, ok := g.underRoot(dir)
	if !ok {
		return false
	}
	for _, segments := range g.alternatives {
		if mayMatchBelow(segments, rel) {
			return true
		}
	}
	return false
}

// underRoot returns path relative to Root. Root itself is "".
func (g *Glob) underRoot(path string) (rel string, ok bool) {
	if path == g.Root {
		return "", true
	}
	return Below(g.Root, path)
}

// MatchesUpwards tells whether the glob names path or a folder above it, up to its Root.
func (g *Glob) MatchesUpwards(path string) bool {
	for p := path; ; p = filepath.Dir(p) {
		if g.Matches(p) {
			return true
		}
		if p == "/" || p == g.Root {
			return false
		}
	}
}
