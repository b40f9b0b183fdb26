package terminal

import "testing"

func TestFoldText(t *testing.T) {
	for _, c := range []struct {
		text    string
		columns int
		want    string
	}{
		{"short\n\n  list  what there is\n", 40, "short\n\n  list  what there is\n"},
		{"one two three four", 9, "one two\nthree\nfour"},
		{"  one two three", 9, "  one two\n    three"},
		{"  log   the versions of a file", 20, "  log   the versions\n        of a file"},
		{"  log   the versions\n        of a file", 40, "  log   the versions of a file"},
		{"  log   the versions.\n        a file; default: none", 30, "  log   the versions.\n        a file; default: none"},
		{"  log a rather long one  the versions", 20, "  log a rather long\n    one\n      the versions"},
		{"      --deleted           \n                what is gone", 20, "      --deleted\n                what\n                is\n                gone"},
		{"名前 名前 名前", 9, "名前 名前\n名前"},
	} {
		if got := FoldText(c.text, c.columns); got != c.want {
			t.Errorf("%q in %d columns: %q; want %q", c.text, c.columns, got, c.want)
		}
	}
}
