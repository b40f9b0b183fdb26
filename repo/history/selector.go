package history

import (
	"bytes"
	"strings"

	"timemachine/repo/record"
)

// selector selects versions.
type selector interface {
	mayMatch(raw []byte) bool // false: a raw commit is certainly not selected
	matches(rec *record.Record) bool
}

// scope selects the versions of one source, or of all sources at and below a path.
type scope struct {
	path   string
	below  bool   // also the sources below
	needle []byte // the trailer of the path
	prefix []byte // begins the trailers of the sources below that need no quotes
}

// onlySource selects one source.
func onlySource(source string) *scope {
	return &scope{path: source, needle: []byte(sourceLine + record.QuoteTrailer(source) + "\n")}
}

// atOrBelow selects the sources at and below a path; "/" selects everything.
func atOrBelow(path string) *scope {
	p := onlySource(path)
	p.below = true
	p.prefix = []byte(sourceLine + strings.TrimSuffix(path, "/") + "/")
	return p
}

func (p *scope) matches(rec *record.Record) bool { return p.covers(rec.Source) }

// covers tells whether the scope selects a source.
func (p *scope) covers(source string) bool {
	if source == p.path {
		return true
	}
	return p.below && len(source) > len(p.path) && strings.HasPrefix(source, p.path) && (p.path == "/" || source[len(p.path)] == '/')
}

func (p *scope) mayMatch(raw []byte) bool {
	if bytes.Contains(raw, p.needle) {
		return true
	}
	return p.below && (bytes.Contains(raw, p.prefix) || bytes.Contains(raw, []byte(sourceLine+`"`)))
}

// runSelector selects the versions of one run.
type runSelector struct {
	scan   string
	needle []byte
}

// versionsOf selects the versions of the run with a name.
func versionsOf(scan string) *runSelector {
	return &runSelector{scan, []byte("\nScan: " + record.QuoteTrailer(scan) + "\n")}
}

func (r *runSelector) mayMatch(raw []byte) bool { return r.scan != "" && bytes.Contains(raw, r.needle) }

func (r *runSelector) matches(rec *record.Record) bool { return rec.Scan == r.scan }

// noVersion selects no version: it serves to read the parent of a commit.
type noVersion struct{}

func (noVersion) mayMatch([]byte) bool { return false }

func (noVersion) matches(*record.Record) bool { return false }
