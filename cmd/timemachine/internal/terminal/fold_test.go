package terminal

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	command := "timemachine log '/srv/a b'"
	for _, c := range []struct {
		line    string
		columns int
		want    []string
	}{
		{"one two three", 13, []string{"one two three"}},
		{"one two three", 9, []string{"one two", "  three"}},
		{"  one two three", 9, []string{"  one two", "    three"}},
		{"hint: one two three", 12, []string{"hint: one", "      two", "      three"}},
		{"\x1b[91mERR\x1b[0m one two", 8, []string{"\x1b[91mERR\x1b[0m one", "    two"}},
		{"hint: /a/word/wider/than/that is", 12, []string{"hint: /a/word/wider/than/that", "      is"}},
		{"hint: 名前 名前", 11, []string{"hint: 名前", "      名前"}},
		{"hint: it is there: " + command + " lists it", 32, []string{"hint: it is there:", "      " + command, "      lists it"}},
		{"hint: it is there: " + command + "; then more", 34, []string{"hint: it is there:", "      " + command + ";", "      then more"}},
		{"hint: it: " + command + " lists it", 20, []string{"hint: it:", "  " + command, "      lists it"}},
		{"hint: " + command, 20, []string{"hint:", "  " + command}},
		{"a   b   c", 6, []string{"a   b", "  c"}},
	} {
		if got := FoldMessage(c.line, c.columns, []string{"timemachine log", command}); !slices.Equal(got, c.want) {
			t.Errorf("%q in %d columns: %q; want %q", c.line, c.columns, got, c.want)
		}
	}
}

// TestConsoleFolds: all that goes to a terminal is folded, and nothing elsewhere.
func TestConsoleFolds(t *testing.T) {
	text := strings.Repeat("word ", 20) + "end"
	for _, columns := range []int{0, 40} {
		var out bytes.Buffer
		c := NewConsole(&out, ConsoleOptions{Terminal: columns > 0, Columns: columns, Colour: true})
		c.Error(text, "cause", "one two")
		c.Warn(text)
		c.Announce(text)
		c.Hint(text)
		if lines := strings.Count(out.String(), "\n"); lines == 4 != (columns == 0) {
			t.Errorf("%d columns: %d lines", columns, lines)
		}
		for line := range strings.Lines(out.String()) {
			if n := width(strings.TrimSuffix(line, "\n")); columns > 0 && n > columns {
				t.Errorf("%d columns: %q", n, line)
			}
		}
	}
}
