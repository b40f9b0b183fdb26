package pattern

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// maxPattern is the length of the longest pattern in bytes. It bounds the time of a match, and the
// system opens no longer path.
const maxPattern = 4096

// Exclusion is one line of .gitignore syntax (gitignore(5)).
//
// Three things differ from git. A pattern that starts with "/" is an absolute path. One with an
// inner slash starts at two folders, the configuration's and the entry's Root. And foo**/bar is
// foo*/bar, as the manual says. Git takes ** for any number of folders when only ordinary
// characters stand before it.
type Exclusion struct {
	Include     bool // "!": includes again what an earlier exclusion excludes
	foldersOnly bool // ends in "/"
	scope       exclusionScope
	name        segment   // for nameScope
	path        []segment // for the other scopes
}

type exclusionScope uint8

const (
	nameScope     exclusionScope = iota // to a name at any depth
	anchoredScope                       // below the configuration's folder or the Root
	absoluteScope                       // below /
)

// CompileExclusion reads one pattern. A leading "!" includes again. An absolute pattern must be
// expanded.
func CompileExclusion(text string) (*Exclusion, error) {
	if len(text) > maxPattern {
		return nil, errors.New("pattern is too long")
	}
	x := &Exclusion{}
	body, include := strings.CutPrefix(trimPatternSpace(text), "!")
	x.Include = include
	absolute := strings.HasPrefix(body, "/")
	body, x.foldersOnly = strings.CutSuffix(body, "/")
	if absolute {
		body = strings.TrimPrefix(path.Clean("/"+body), "/")
	}
	if body == "" {
		return nil, fmt.Errorf("pattern %q is empty", text)
	}
	segments, err := compileSegments(body)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", text, err)
	}
	switch {
	case absolute:
		x.scope, x.path = absoluteScope, segments
	case strings.Contains(body, "/"):
		x.scope, x.path = anchoredScope, segments
	default:
		x.scope, x.name = nameScope, namedSegment(segments)
	}
	return x, nil
}

// namedSegment returns the one segment of a pattern without a slash, where ** means *.
func namedSegment(segments []segment) segment {
	if segments[0].kind == deepSegment {
		return segment{kind: suffixSegment}
	}
	return segments[0]
}

// trimPatternSpace drops trailing spaces as git does, unless they are escaped.
func trimPatternSpace(text string) string {
	end := len(strings.TrimRight(text, " "))
	slashes := end - len(strings.TrimRight(text[:end], `\`))
	if slashes%2 == 1 && end < len(text) {
		end++
	}
	return text[:end]
}

// Matches tells whether the exclusion applies to path, whose last component is name. root and
// folder are where a pattern with an inner slash starts. It does not allocate.
func (x *Exclusion) Matches(root, folder, path, name string, isDir bool) bool {
	if x.foldersOnly && !isDir {
		return false
	}
	switch x.scope {
	case nameScope:
		return x.name.matches(name)
	case absoluteScope:
		return matchSegments(x.path, path[1:])
	}
	if rel, ok := Below(root, path); ok && matchSegments(x.path, rel) {
		return true
	}
	rel, ok := Below(folder, path)
	return ok && folder != root && matchSegments(x.path, rel)
}

// Below returns path without the folder that it lies in. ok is false where it does not lie below
// folder.
func Below(folder, path string) (rel string, ok bool) {
	if folder == "/" {
		return strings.TrimPrefix(path, "/"), path != "/"
	}
	if len(path) > len(folder)+1 && path[len(folder)] == '/' && path[:len(folder)] == folder {
		return path[len(folder)+1:], true
	}
	return "", false
}
