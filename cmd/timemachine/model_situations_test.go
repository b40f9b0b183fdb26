package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// modelSituation is a thing that can be left out of the model test: an operation, a kind of world,
// or a check.
type modelSituation struct {
	name string
	why  string // it is left out, in the words of what goes wrong
}

type situations struct {
	off     []modelSituation
	on_, no []string
}

// modelSituations are those that the program does not stand up to yet. Whoever makes it do so takes
// the line away.
var modelSituations = &situations{off: []modelSituation{
	{"kind", "a listed file that becomes a folder, or the reverse, is not recorded"},
	{"overlap", "a listed link in a watched folder, or a path through such a link, takes the link's place"},
	{"displaced", "a source that is watched no more leaves the tree without a record when another takes its place"},
	{"unwatched revert", "what a revert took of a source that is watched no more is not recorded again, and verify --repair stages it"},
	{"first revert", "the tree's .gitattributes, which somebody took back with the first version, lies there untracked"},
	{"commit id", "a commit id that begins like a number of days is refused as a time"},
	{"head", "a name HEAD is not escaped"},
	{"inside", "the log is recorded where it lies in a watched folder"},
	{"map", "content that changed behind an unchanged state is replaced unrecorded by restore"},
	{"blank mount", "what is on a disk that is not mounted is recorded as deleted where the cache is lost"},
	{"stray", "what is on a disk that is not mounted is recorded as deleted once a new file lies in its folder"},
	{"coarse destination", "verify finds no copy right where the destination's file system keeps seconds only"},
	{"grow", "a file that grows and is overwritten is recorded as a mixture"},
	{"split index", "versions that could not follow are written again by each run"},
	{"moment", "a moment is known to the second only"},
}}

func (s *situations) on(name string) bool {
	switch {
	case slices.Contains(s.no, name):
		return false
	case slices.Contains(s.on_, "all"), slices.Contains(s.on_, name):
		return true
	}
	return !slices.ContainsFunc(s.off, func(m modelSituation) bool { return m.name == name })
}

// check reads the flags.
func (s *situations) check(t *testing.T, on, off string) {
	s.on_, s.no = strings.Split(on, ","), strings.Split(off, ",")
	for _, name := range slices.Concat(s.on_, s.no) {
		known := name == "" || name == "all" || slices.ContainsFunc(s.off, func(m modelSituation) bool { return m.name == name }) ||
			slices.ContainsFunc(modelOperations, func(o modelOperation) bool { return o.name == name })
		if !known {
			t.Fatalf("no operation or situation %q", name)
		}
	}
}

// leftOut says what this test does not try.
func (s *situations) leftOut() string {
	var b strings.Builder
	b.WriteString("left out:")
	for _, m := range s.off {
		if !s.on(m.name) {
			fmt.Fprintf(&b, "\n  %s: %s", m.name, m.why)
		}
	}
	if !modelMounts {
		b.WriteString("\n  mounts and coarse clocks: tag system, root")
	}
	if os.Geteuid() != 0 {
		b.WriteString("\n  owners: root")
	}
	return b.String()
}
