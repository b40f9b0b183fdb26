package terminal

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lmittmann/tint"

	"timemachine/repo/record"
)

// ConsoleOptions say how much standard error shows. The zero value prints warnings and errors,
// without colours.
type ConsoleOptions struct {
	Terminal bool // lines go to a terminal, which may show a progress bar
	Quiet    bool
	Verbose  bool
	Colour   bool
	Now      func() time.Time // the clock of the progress bar
	Columns  int              // lines are folded to so many; 0: they are not
	Whole    func() []string  // commands in them that are not broken; nil: none
	Failed   func(err error)  // called when a line could not be written; nil: that is passed over
}

// Console is what the user sees beside the results: log lines through slog and tint, hints, and the
// summary of a run. It escapes everything that could move the cursor or forge a line.
type Console struct {
	*slog.Logger
	ConsoleOptions
	w   io.Writer
	bar *bar // on the screen now; nil: none
}

// NewConsole returns a console that writes to w.

func NewConsole(w io.Writer, o ConsoleOptions) *Console {
	c := &Console{ConsoleOptions: o, w: w}
	c.Logger = slog.New(tint.NewTextHandler(consoleWriter{c}, &tint.Options{
		Level:       c.level(),
		NoColor:     !o.Colour,
		ReplaceAttr: consoleAttr,
	}))
	return c
}

func (c *Console) level() slog.Level {
	switch {
	case c.Quiet:
		return slog.LevelError
	case c.Verbose:
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// consoleAttr drops the time, which the reader knows, and escapes the message; tint quotes the
// other values.
func consoleAttr(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		return slog.Attr{}
	case slog.MessageKey:
		return slog.String(a.Key, Escape(a.Value.String()))
	}
	return EscapeHidden(groups, a)
}

// EscapeHidden escapes what is hidden in a value and is left unquoted by the handlers of slog and
// tint: DEL, and what is printable by Go's rules.
func EscapeHidden(_ []string, a slog.Attr) slog.Attr {
	text := a.Value.String()
	escaped := escape(text, func(r rune) bool {
		return r == 0x7f || r != utf8.RuneError && unicode.IsPrint(r) && record.Hidden(r)
	})
	if escaped != text {
		a.Value = slog.StringValue(escaped)
	}
	return a
}

// Notice prints one plain line on a terminal, or where the console is verbose. A mail from cron
// does not get it.
func (c *Console) Notice(text string) {
	if (c.Terminal || c.Verbose) && !c.Quiet {
		c.line(text)
	}
}

// Announce prints one plain line unless the console is quiet.
func (c *Console) Announce(text string) {
	if !c.Quiet {
		c.line(text)
	}
}

// Hint prints the advice that belongs to the line before it; "" prints nothing.
func (c *Console) Hint(text string) {
	if text != "" {
		c.line("hint: " + text)
	}
}

// ShowBar puts a progress bar on a terminal, unless the console is quiet. The caller calls remove
// at the end of the work; calling it twice is fine.
func (c *Console) ShowBar(doing string) (remove func()) {
	if c.Terminal && !c.Quiet {
		c.bar = newBar(c.w, c.Now, doing)
	}
	return func() {
		if c.bar != nil {
			c.bar.close()
			c.bar = nil
		}
	}
}

// MoveBar moves the bar to done of total; without a bar it does nothing.
func (c *Console) MoveBar(done, total int64) {
	if c.bar != nil {
		c.bar.set(done, total)
	}
}

// ClearBar clears the bar's line before a line on standard output, which may be the same terminal.
// The next MoveBar draws the bar again.
func (c *Console) ClearBar() {
	if c.bar != nil {
		c.bar.hide()
	}
}

func (c *Console) line(text string) {
	fmt.Fprintln(consoleWriter{c}, Escape(UsageInCharset(text)))
}

// consoleWriter clears the progress bar before it writes a line, and folds the line to a terminal.
type consoleWriter struct{ c *Console }

// Write writes p; each call is one line of text.
func (w consoleWriter) Write(p []byte) (int, error) {
	w.c.ClearBar()
	n, err := w.write(p)
	if err != nil && w.c.Failed != nil {
		w.c.Failed(err)
	}
	return n, err
}

func (w consoleWriter) write(p []byte) (int, error) {
	if w.c.Columns == 0 {
		return w.c.w.Write(p)
	}
	var whole []string
	if w.c.Whole != nil {
		for _, command := range w.c.Whole() {
			whole = append(whole, Escape(command))
		}
	}
	lines := FoldMessage(strings.TrimSuffix(string(p), "\n"), w.c.Columns, whole)
	_, err := io.WriteString(w.c.w, strings.Join(lines, "\n")+"\n")
	return len(p), err
}
