package hint_test

import (
	"slices"
	"testing"

	"timemachine/cmd/timemachine/internal/hint"
)

// TestOperandIsNoFlag: a remote can have a name that begins like a flag.
func TestOperandIsNoFlag(t *testing.T) {
	for word, want := range map[string][]string{"-x": {"--", "'-x'"}, "origin": {"origin"}, "/a b": {"'/a b'"}} {
		if got := hint.Operand(word); !slices.Equal(got, want) {
			t.Errorf("%q: %q", word, got)
		}
	}
}
