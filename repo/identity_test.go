package repo

import "testing"

// TestIdentitiesAreCleaned: no name breaks out of a commit's header line.
func TestIdentitiesAreCleaned(t *testing.T) {
	for name, want := range map[string]string{
		"Ann Other":                 "Ann Other",
		"a<b>c":                     "abc",
		"x\nauthor evil <e@e> 0 +0": "xauthor evil e@e 0 +0",
		"tab\tnul\x00esc\x1b[31m":   "tabnulesc[31m",
		"c1\u0085\u009b":            "c1",
		" . ,;:\"'\\ ":              "nobody",
		"":                          "nobody",
		"<>":                        "nobody",
		"latin \xe9":                "latin",
		"Ä Ö":                       "Ä Ö",
		"trailing.":                 "trailing",
	} {
		if got := cleanIdent(name, "nobody"); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
