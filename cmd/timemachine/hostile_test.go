package main

import (
	"bytes"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/record"
	"timemachine/watch/scan"
)

// hostileNames are file names that would act on a terminal, forge a line, or look like another
// name.
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
	"/tmp/private\ue000", "/tmp/private\U000f0000",
	"/tmp/no-character\ufdd0", "/tmp/no-character\uffff", "/tmp/unassigned\u0378",
	"/tmp/tag\U000e0041", "/tmp/joiner\u2060", "/tmp/mark\ufeff",
	"/tmp/no-break\u00a0space", "/tmp/wide\u3000space", "/tmp/blank\u2800",
	"/tmp/joined\u034f", "/tmp/filler\u3164", "/tmp/variation\ufe0f", "/tmp/variation\U000e0100",
}

// checkHarmless fails if text holds a character that could act on a terminal, or more than one
// line.
func checkHarmless(t *testing.T, text string) {
	t.Helper()
	body := strings.TrimSuffix(text, "\n")
	if !utf8.ValidString(body) {
		t.Errorf("%q is not UTF-8", text)
	}
	if i := strings.IndexFunc(body, record.Hidden); i >= 0 {
		t.Errorf("%q holds a hazard at byte %d", text, i)
	}
}

func TestHostileNamesAreEscapedEverywhere(t *testing.T) {
	for _, name := range hostileNames {
		checkHarmless(t, terminal.Quote(name))
		checkHarmless(t, terminal.InQuotes(name))
		denied := &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
		checkHarmless(t, render.ProblemText(scan.Problem{Path: name, Msg: "cannot be read", Err: denied}))

		for _, o := range []terminal.ConsoleOptions{{}, {Verbose: true}, {Terminal: true}} {
			var out bytes.Buffer
			c := terminal.NewConsole(&out, o)
			c.Error(denied.Error(), "path", name, "cause", denied)
			checkHarmless(t, out.String())
			out.Reset()
			c.Hint("chmod +r " + name)
			checkHarmless(t, out.String())
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: terminal.EscapeHidden})).Error(denied.Error(), "path", name, "cause", denied)
		checkHarmless(t, log.String())
	}
}
