package logview

import (
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/record"
)

// Style says how a log is shown.
type Style struct {
	Columns int // of the terminal
	Colour  bool
	Zone    *time.Location
	Now     time.Time
	Base    string // the folder asked for, to which paths are relative; "/" for none
}

// The escape sequences, as git chooses them for commits and diffs.
const (
	plain   = ""
	bold    = "\x1b[1m"
	red     = "\x1b[31m"
	green   = "\x1b[32m"
	yellow  = "\x1b[33m"
	magenta = "\x1b[35m"
	cyan    = "\x1b[36m"
)

// eventColour is the colour of an event.
func eventColour(e record.Event) string {
	switch e {
	case record.Added:
		return green
	case record.Deleted:
		return red
	case record.Restored:
		return magenta
	case record.Touched, record.Metadata, record.TypeChanged:
		return cyan
	}
	return plain
}

// cell is a part of a line in one colour.
type cell struct{ colour, text string }

// line is a line of the terminal.
type line []cell

// add adds a text in a colour.
func (l *line) add(colour, text string) { *l = append(*l, cell{colour, text}) }

// width is how many columns the line takes.
func (l line) width() int {
	n := 0
	for _, c := range l {
		n += terminal.Columns(c.text)
	}
	return n
}

// text is the line as it is written: cut to the terminal, and with its newline.
func (s *Style) text(l line) string {
	var b strings.Builder
	left := s.Columns
	for _, c := range l {
		text := c.text
		if n := terminal.Columns(text); n > left {
			text = terminal.Cut(text, left)
		}
		left -= terminal.Columns(text)
		if s.Colour && c.colour != plain && text != "" {
			text = c.colour + text + "\x1b[m"
		}
		b.WriteString(text)
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// path is a source for people: relative to the folder asked for.
func (s *Style) path(source string, folder bool) string {
	below, ok := strings.CutPrefix(source, strings.TrimSuffix(s.Base, "/")+"/")
	switch {
	case s.Base == "/":
		below = source
	case source == s.Base:
		below = "."
	case !ok:
		below = source
	}
	if folder && !strings.HasSuffix(below, "/") {
		below += "/"
	}
	return terminal.Quote(below)
}
