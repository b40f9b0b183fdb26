package repo

import (
	"testing"
	"time"
)

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

// TestLag: a clock that is behind is told of in words that a person reads.
func TestLag(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Hour + time.Second: "1h0m", 21*time.Hour + 59*time.Minute + 3*time.Second: "21h59m", 47 * time.Hour: "47h0m",
		48 * time.Hour: "2 days", 60630*time.Hour + 41*time.Minute: "2526 days",
	} {
		if got := lag(d); got != want {
			t.Errorf("%v: %q, not %q", d, got, want)
		}
	}
}
