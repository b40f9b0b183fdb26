package versions

import (
	"bytes"
	"slices"
	"strings"

	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Selector selects versions.
type Selector interface {
	mayMatch(raw []byte) bool // false: a raw commit is certainly not selected
	matches(rec *record.Record) bool
	treePaths() []string // that the selected versions change in their trees; none: any
}

// Scope selects the versions of one source, or of all sources at and below a path.
type Scope struct {
	path   string
	below  bool   // also the sources below
	needle []byte // the trailer of the path
	prefix []byte // begins the trailers of the sources below that need no quotes
}

// OnlySource selects one source.
func OnlySource(source string) *Scope {
	return &Scope{path: source, needle: []byte(sourceLine + record.QuoteTrailer(source) + "\n")}
}

// AtOrBelow selects the sources at and below a path; "/" selects everything.
func AtOrBelow(path string) *Scope {
	p := OnlySource(path)
	p.below = true
	p.prefix = []byte(sourceLine + strings.TrimSuffix(path, "/") + "/")
	return p
}

func (p *Scope) matches(rec *record.Record) bool { return p.Covers(rec.Source) }

// Covers tells whether the scope selects a source.
func (p *Scope) Covers(source string) bool {
	if source == p.path {
		return true
	}
	return p.below && len(source) > len(p.path) && strings.HasPrefix(source, p.path) && (p.path == "/" || source[len(p.path)] == '/')
}

func (p *Scope) mayMatch(raw []byte) bool {
	if bytes.Contains(raw, p.needle) {
		return true
	}
	return p.below && (bytes.Contains(raw, p.prefix) || bytes.Contains(raw, []byte(sourceLine+`"`)))
}

func (p *Scope) treePaths() []string {
	if p.path == "/" {
		return nil
	}
	return layout.TreePaths(p.path)
}

// scopes selects what one of them selects.
type scopes []*Scope

// AtOrBelowAny selects the sources at and below several paths, of which "/" is none.
func AtOrBelowAny(paths []string) Selector {
	var all scopes
	for _, path := range paths {
		all = append(all, AtOrBelow(path))
	}
	return all
}

func (s scopes) mayMatch(raw []byte) bool {
	return slices.ContainsFunc(s, func(p *Scope) bool { return p.mayMatch(raw) })
}

func (s scopes) matches(rec *record.Record) bool {
	return slices.ContainsFunc(s, func(p *Scope) bool { return p.matches(rec) })
}

func (s scopes) treePaths() (all []string) {
	for _, p := range s {
		all = append(all, p.treePaths()...)
	}
	return all
}

// runSelector selects the versions of one run.
type runSelector struct {
	scan   string
	needle []byte
}

// VersionsOf selects the versions of the run with a name.
func VersionsOf(scan string) *runSelector {
	return &runSelector{scan, []byte("\nScan: " + record.QuoteTrailer(scan) + "\n")}
}

func (r *runSelector) mayMatch(raw []byte) bool { return r.scan != "" && bytes.Contains(raw, r.needle) }

func (r *runSelector) matches(rec *record.Record) bool { return rec.Scan == r.scan }

func (r *runSelector) treePaths() []string { return nil }

// NoVersion selects no version: it serves to read the parent of a commit.
type NoVersion struct{}

func (NoVersion) mayMatch([]byte) bool { return false }

func (NoVersion) matches(*record.Record) bool { return false }

func (NoVersion) treePaths() []string { return nil }
