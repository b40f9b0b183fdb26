package pattern

import (
	"path/filepath"
	"testing"
)

// TestOnlyName: the pattern of a name is no literal, and matches that name only. What cannot be
// read as a pattern is a name already.
func TestOnlyName(t *testing.T) {
	for _, name := range []string{"a?b", "c[1]d", "{x,y}", `back\slash?`, "*", "**", "[", "]?", "[!a]", "a{b", "é?", "$?", "-[-]", "{é", `{\\`, "{]"} {
		path := "/d/" + name
		g, err := CompileGlob(OnlyName(path))
		if OnlyName(path) == path && err != nil {
			continue
		}
		if err != nil || g.IsLiteral() {
			t.Errorf("%q: %q is %v, %v", path, OnlyName(path), g, err)
			continue
		}
		for _, other := range []string{name, "a?b", "axb", "c1d", "x", "y", `back\slashx`, "backslash?", "a", "anything", "b", "éx", "", "--", "---"} {
			if got := g.Matches(filepath.Join("/d", other)); got != (other == name) {
				t.Errorf("%q (%q) matches %q: %v", path, OnlyName(path), other, got)
			}
		}
	}
}
