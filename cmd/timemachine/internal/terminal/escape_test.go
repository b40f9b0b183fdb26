package terminal

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// hazards are texts that would act on a terminal, or forge a line.
var hazards = []string{
	"\x1b[2J\x1b]0;owned\a",
	"a\nERR forged",
	"a\rforged",
	"c1\u009b31m",
	"raw-c1\x9b31m",
	"bidi\u202egnp.exe",
	"zero\u200bwidth",
	"line\u2028break",
	"latin1-\xe9",
	"del\x7f",
}

func TestEscapeKeepsPlainText(t *testing.T) {
	for _, text := range []string{"", "plain", "Größe 日本語 \"quoted\" back\\slash", "a b"} {
		if got := Escape(text); got != text {
			t.Errorf("Escape(%q) = %q", text, got)
		}
	}
	if got, want := Escape("a\x1b\n\xe9"), `a\033\n\351`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzEscape(f *testing.F) {
	for _, name := range hazards {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := Escape(text)
		if !utf8.ValidString(once) || strings.ContainsFunc(once, Hazardous) {
			t.Errorf("%q became %q", text, once)
		}
		if Escape(once) != once {
			t.Errorf("%q changes again", once)
		}
	})
}

// TestEscapingWriter: text in parts of any size reaches the terminal the same, without a hazard.
func TestEscapingWriter(t *testing.T) {
	for _, name := range append(hazards, "tab\there, é and \u20ac\U0001f600", "cut \xe2\x82") {
		for part := 1; part < 5; part++ {
			var b bytes.Buffer
			s := NewEscapingWriter(&b)
			for text := name; text != ""; {
				n := min(part, len(text))
				if _, err := s.Write([]byte(text[:n])); err != nil {
					t.Fatal(err)
				}
				text = text[n:]
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			want := strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(Escape(name))
			if b.String() != want {
				t.Errorf("%q in parts of %d became %q, want %q", name, part, b.String(), want)
			}
		}
	}
}
