package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/lmittmann/tint"
)

// consoleOptions say how talkative standard error is. The zero value prints warnings and errors,
// without colours.
type consoleOptions struct {
	terminal bool // lines go to a terminal, which may show a progress bar
	quiet    bool
	verbose  bool
	colour   bool
	now      func() time.Time // the clock of the progress bar
}

// console is what the user sees beside the results: log lines through slog and tint, hints, and
// the summary of a run. It escapes whatever could move a terminal's cursor or forge a line.
type console struct {
	*slog.Logger
	consoleOptions
	w   io.Writer
	bar *bar // on the screen now; nil: none
}

// newConsole returns a console that writes to w.

func newConsole(w io.Writer, o consoleOptions) *console {
	c := &console{consoleOptions: o, w: w}
	c.Logger = slog.New(tint.NewTextHandler(consoleWriter{c}, &tint.Options{
		Level:       c.level(),
		NoColor:     !o.colour,
		ReplaceAttr: consoleAttr,
	}))
	return c
}

func (c *console) level() slog.Level {
	switch {
	case c.quiet:
		return slog.LevelError
	case c.verbose:
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// consoleAttr drops the time, which the reader knows, and makes the message harmless; tint quotes the other values.
func consoleAttr(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		return slog.Attr{}
	case slog.MessageKey:
		return slog.String(a.Key, harmless(a.Value.String()))
	}
	return deleteEscaped(groups, a)
}

// deleteEscaped spells out the one control character that slog's and tint's handlers leave unquoted in a value: DEL.
func deleteEscaped(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindString && strings.Contains(a.Value.String(), "\x7f") {
		return slog.String(a.Key, strings.ReplaceAll(a.Value.String(), "\x7f", `\177`))
	}
	return a
}

// notice prints one plain line for a person: not in a mail from cron, not with -q.
func (c *console) notice(text string) {
	if (c.terminal || c.verbose) && !c.quiet {
		c.line(text)
	}
}

// announce prints one plain line also where no terminal is, but not with -q.
func (c *console) announce(text string) {
	if !c.quiet {
		c.line(text)
	}
}

// hint prints the advice that belongs to the line before it.
func (c *console) hint(text string) {
	if text != "" {
		c.line("hint: " + text)
	}
}

// showBar puts a progress bar on a terminal, unless the console is quiet. The caller calls remove
// at the end of the work; calling it twice is fine.
func (c *console) showBar(doing string) (remove func()) {
	if c.terminal && !c.quiet {
		c.bar = newBar(c.w, c.now, doing)
	}
	return func() {
		if c.bar != nil {
			c.bar.close()
			c.bar = nil
		}
	}
}

// moveBar moves the bar to done of total; without a bar it does nothing.
func (c *console) moveBar(done, total int64) {
	if c.bar != nil {
		c.bar.set(done, total)
	}
}

// clearBar clears the bar's line before a line on standard output, which may be the same terminal.
// The next moveBar draws it again.
func (c *console) clearBar() {
	if c.bar != nil {
		c.bar.hide()
	}
}

func (c *console) line(text string) {
	fmt.Fprintln(consoleWriter{c}, harmless(text))
}

// consoleWriter takes the progress bar off the screen before a line is written.
type consoleWriter struct{ c *console }

// Write passes p on; a line of text is one call.
func (w consoleWriter) Write(p []byte) (int, error) {
	w.c.clearBar()
	return w.c.w.Write(p)
}
