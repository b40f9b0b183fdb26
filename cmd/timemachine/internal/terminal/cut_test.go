package terminal

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		path        string
		columns     int
		end, middle string
	}{
		{"/etc/hosts", 10, "/etc/hosts", "/etc/hosts"},
		{"/etc/hosts", 9, "/etc/hos…", "/e…/hosts"},
		{"/etc/hosts", 2, "/…", "…s"},
		{"/etc/hosts", 1, "…", "…"},
		{"/etc/hosts", 0, "", ""},
		{"日本語日本語", 7, "日本語…", "日…本語"},
		{"日本語日本語", 6, "日本…", "…本語"},
		{"e\u0301e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301…", "…e\u0301e\u0301"},
	} {
		if got := Cut(c.path, c.columns); got != c.end {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.path, c.columns, got, c.end)
		}
		if got := CutMiddle(c.path, c.columns); got != c.middle {
			t.Errorf("CutMiddle(%q, %d) = %q, want %q", c.path, c.columns, got, c.middle)
		}
	}
}

// FuzzCutMiddle: what is cut fits, is valid, and begins and ends as the path does.
func FuzzCutMiddle(f *testing.F) {
	for _, path := range append(hazards, "/日本語/ファイル.txt", strings.Repeat("/long", 60), "🇩🇪🇫🇷👨‍👩‍👧/x") {
		f.Add(path, 12)
	}
	f.Fuzz(func(t *testing.T, path string, columns int) {
		quoted := Quote(path)
		columns = min(max(columns, 0), 200)
		cut := CutMiddle(quoted, columns)
		if Columns(cut) > columns || !utf8.ValidString(cut) {
			t.Errorf("%q in %d columns became %q", quoted, columns, cut)
		}
		head, tail, shorter := strings.Cut(cut, "…")
		if shorter && !strings.Contains(quoted, "…") && (!strings.HasPrefix(quoted, head) || !strings.HasSuffix(quoted, tail)) {
			t.Errorf("%q became %q", quoted, cut)
		}
	})
}
