package main

import (
	"slices"
	"testing"
)

// The limits of a package, without its tests.
const (
	mostLines   = 2200
	mostFiles   = 18
	fewestLines = 100
)

// unlimited are the packages that no limit holds for: a command is one package, a file a command.
var unlimited = []string{"cmd/timemachine", "cmd/bench", "repo/repotest"}

// size is how large a package is.
type size struct{ files, lines int }

// oversized lists the packages that are too large today, with their present figures.
var oversized = map[string]size{}

// undersized lists the packages that may be small, since they are one noun each.
var undersized = []string{}

// TestArchitectureSizes holds the packages against the limits. The lists of exceptions can only
// shrink: a figure that has become more than a quarter too large fails, too.
func TestArchitectureSizes(t *testing.T) {
	packages := modulePackages(t)
	for dir, p := range packages {
		var s size
		for _, f := range p.sources() {
			s.files++
			s.lines += len(f.lines) - 1
		}
		listed, ok := oversized[dir]
		tooLarge := s.files > mostFiles || s.lines > mostLines
		switch {
		case slices.Contains(unlimited, dir):
		case ok && !tooLarge:
			t.Errorf("%s obeys the limits: take it off the list", dir)
		case ok && (s.files > listed.files || s.lines > listed.lines):
			t.Errorf("%s has grown to %d files and %d lines", dir, s.files, s.lines)
		case ok && (s.files*4 < listed.files*3 || s.lines*4 < listed.lines*3):
			t.Errorf("%s has shrunk: list it with %d files and %d lines", dir, s.files, s.lines)
		case !ok && tooLarge:
			t.Errorf("%s has %d files and %d lines, more than %d or %d", dir, s.files, s.lines, mostFiles, mostLines)
		}
		if small := s.lines < fewestLines; small != slices.Contains(undersized, dir) {
			t.Errorf("%s has %d lines; the list of packages under %d says otherwise", dir, s.lines, fewestLines)
		}
	}
	for dir := range oversized {
		if packages[dir] == nil {
			t.Errorf("%s does not exist: take it off the list", dir)
		}
	}
	for _, dir := range undersized {
		if packages[dir] == nil {
			t.Errorf("%s does not exist: take it off the list", dir)
		}
	}
}
