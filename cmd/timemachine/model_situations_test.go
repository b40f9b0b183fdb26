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

// situationList is what is left out, and what the flags say of it.
type situationList struct {
	off             []modelSituation
	wanted, refused []string
}

// modelSituations are those that the program does not stand up to yet: none.
var modelSituations = &situationList{}

// on tells whether an operation or situation is tried.
func (s *situationList) on(name string) bool {
	switch {
	case slices.Contains(s.refused, name):
		return false
	case slices.Contains(s.wanted, "all"), slices.Contains(s.wanted, name):
		return true
	}
	return !slices.ContainsFunc(s.off, func(m modelSituation) bool { return m.name == name })
}

// readFlags takes over what the flags switch on and off.
func (s *situationList) readFlags(t *testing.T) {
	s.wanted, s.refused = strings.Split(*modelOn, ","), strings.Split(*modelOff, ",")
	for _, name := range slices.Concat(s.wanted, s.refused) {
		known := name == "" || name == "all" || slices.ContainsFunc(s.off, func(m modelSituation) bool { return m.name == name }) ||
			slices.ContainsFunc(modelOperations, func(o modelOperation) bool { return o.name == name })
		if !known {
			t.Fatalf("no operation or situation %q", name)
		}
	}
}

// leftOut says what this test does not try.
func (s *situationList) leftOut() string {
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
