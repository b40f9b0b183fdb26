package main

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"timemachine/watch"
)

var hostileNames = []string{
	"/tmp/\x1b[2J\x1b]0;owned\a",
	"/tmp/a\nERR forged",
	"/tmp/a\rforged",
	"/tmp/c1\u009b31m",
	"/tmp/raw-c1\x9b31m",
	"/tmp/bidi\u202egnp.exe",
	"/tmp/zero\u200bwidth",
	"/tmp/line\u2028break",
	"/tmp/latin1-\xe9",
	"/tmp/del\x7f",
}

// checkHarmless fails when text holds a character that could act on a terminal, or more than one line.
func checkHarmless(t *testing.T, text string) {
	t.Helper()
	body := strings.TrimSuffix(text, "\n")
	if !utf8.ValidString(body) {
		t.Errorf("%q is not UTF-8", text)
	}
	if i := strings.IndexFunc(body, hazardous); i >= 0 {
		t.Errorf("%q holds a hazard at byte %d", text, i)
	}
}

func TestHostileNamesAreEscapedEverywhere(t *testing.T) {
	for _, name := range hostileNames {
		checkHarmless(t, quote(name))
		checkHarmless(t, quoted(name))
		denied := &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
		checkHarmless(t, problemText(watch.Problem{Path: name, Msg: "cannot be read", Err: denied}))

		for _, o := range []consoleOptions{{}, {verbose: true}, {terminal: true}} {
			var out bytes.Buffer
			c := newConsole(&out, o)
			c.Error(denied.Error(), "path", name, "cause", denied)
			checkHarmless(t, out.String())
			out.Reset()
			c.hint("chmod +r " + name)
			checkHarmless(t, out.String())
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: deleteEscaped})).Error(denied.Error(), "path", name, "cause", denied)
		checkHarmless(t, log.String())
	}
}

func TestHarmlessKeepsPlainText(t *testing.T) {
	for _, text := range []string{"", "plain", "Größe 日本語 \"quoted\" back\\slash", "a b"} {
		if got := harmless(text); got != text {
			t.Errorf("harmless(%q) = %q", text, got)
		}
	}
	if got, want := harmless("a\x1b\n\xe9"), `a\033\n\351`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProblemText(t *testing.T) {
	denied := &fs.PathError{Op: "open", Path: "/etc/shadow", Err: errors.New("permission denied")}
	for _, tc := range []struct {
		problem watch.Problem
		want    string
	}{
		{watch.Problem{Path: "/etc/shadow", Msg: "cannot be read", Err: denied}, "/etc/shadow: cannot be read: permission denied"},
		{watch.Problem{Path: "/etc/shadow", Msg: "open /etc/shadow: permission denied", Err: denied}, "open /etc/shadow: permission denied"},
		{watch.Problem{Msg: "copies are left out"}, "copies are left out"},
		{watch.Problem{Path: "/a\n", Msg: "is a FIFO"}, `"/a\n": is a FIFO`},
	} {
		if got := problemText(tc.problem); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func FuzzHarmless(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := harmless(text)
		checkHarmless(t, once)
		if harmless(once) != once {
			t.Errorf("%q changes again", once)
		}
	})
}

// TestScreen: however text comes in parts, the same reaches the terminal, and no hazard.
func TestScreen(t *testing.T) {
	for _, name := range append(hostileNames, "tab\there, é and \u20ac\U0001f600", "cut \xe2\x82") {
		for part := 1; part < 5; part++ {
			var b bytes.Buffer
			s := &screen{w: &b}
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
			want := strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(harmless(name))
			if b.String() != want {
				t.Errorf("%q in parts of %d became %q, want %q", name, part, b.String(), want)
			}
		}
	}
}
