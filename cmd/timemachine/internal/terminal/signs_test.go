package terminal

import (
	"testing"
	"unicode/utf8"
)

func TestIsUTF8(t *testing.T) {
	for _, c := range []struct {
		all, ctype, lang string
		want             bool
	}{
		{"", "", "", false},
		{"C", "", "de_DE.UTF-8", false},
		{"", "POSIX", "en_US.UTF-8", false},
		{"", "", "en_US.UTF-8", true},
		{"C.utf8", "C", "C", true},
		{"", "UTF-8", "C", true}, // of macOS
		{"", "", "de_DE.ISO-8859-1", false},
		{"de_DE@euro", "", "en_US.UTF-8", false},
	} {
		set := map[string]string{"LC_ALL": c.all, "LC_CTYPE": c.ctype, "LANG": c.lang}
		lookup := func(name string) (string, bool) { return set[name], set[name] != "" }
		if got := isUTF8(lookup); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// TestCutInASCII: what is cut is as wide as it may be, in either charset.
func TestCutInASCII(t *testing.T) {
	defer func() { ascii = false }()
	const path = "/etc/a/rather/long/path/to/a.conf"
	for _, ascii = range []bool{false, true} {
		for columns := range len(path) + 2 {
			for _, text := range []string{Cut(path, columns), CutMiddle(path, columns)} {
				if n := Columns(text); n > columns || n < min(columns, len(path)) || ascii && len(text) != utf8.RuneCountInString(text) {
					t.Errorf("%d columns: %q", columns, text)
				}
			}
		}
	}
	if ascii = true; InCharset("PATH… · →") != "PATH... - ->" || UsageInCharset("add PATH… to a…b·c") != "add PATH... to a…b·c" {
		t.Error(InCharset("PATH… · →"), UsageInCharset("add PATH… to a…b·c"))
	}
}
