package blameview

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/textdiff"
)

// Blame says with which version each line of a file came in.
type Blame struct {
	Source   string
	Versions []Version // newest first; the lines' origins count in it
	Lines    []Line
}

// Version is a version of the file, or of the file that it was renamed from.
type Version struct {
	history.Entry
	Boundary bool // older versions could not be read: its lines may be older
}

// Line is a line of the file.
type Line struct {
	Number int // from 1
	Text   string
	Origin textdiff.Origin
}

// Style says how a blame is written as text.
type Style struct {
	Zone     *time.Location
	Colour   bool
	Terminal bool // control characters are escaped, and times are short
}

// used lists the versions that a line came in with, newest first.
func (b *Blame) used() []*Version {
	with := map[int]bool{}
	for i := range b.Lines {
		with[b.Lines[i].Origin.Version] = true
	}
	var list []*Version
	for i := range b.Versions {
		if with[i] {
			list = append(list, &b.Versions[i])
		}
	}
	return list
}

// Newest is the newest version that a line came in with and that has one before it under the same
// name; nil for none.
func (b *Blame) Newest() *Version {
	for _, v := range b.used() {
		if v.Before != nil && v.Before.HasContent() {
			return v
		}
	}
	return nil
}

// Write writes a line of text for each line: the version, its time, the number and the line. The
// path and the owner are there only where they are not the same everywhere.
func (b *Blame) Write(w io.Writer, style Style) error {
	columns := newColumns(b, style)
	for i := range b.Lines {
		l := &b.Lines[i]
		text := strings.TrimSuffix(l.Text, "\n")
		if style.Terminal {
			text = terminal.EscapeText(text)
		}
		if _, err := fmt.Fprintf(w, "%s%*d) %s\n", columns.heads[l.Origin.Version], columns.digits, l.Number, text); err != nil {
			return err
		}
	}
	return nil
}

// columns are the beginnings of lines.
type columns struct {
	heads  map[int]string // of each version
	digits int            // of the largest number
}

func newColumns(b *Blame, style Style) columns {
	c := columns{heads: map[int]string{}}
	if n := len(b.Lines); n > 0 {
		c.digits = len(strconv.Itoa(b.Lines[n-1].Number))
	}
	sources, owners := newColumn(), newColumn()
	for _, v := range b.used() {
		sources.add(terminal.Quote(v.Source))
		owners.add(owner(v))
	}
	for i := range b.Versions {
		v := &b.Versions[i]
		name := v.Commit.Short()
		if v.Boundary {
			name = "^" + name[:len(name)-1]
		}
		if style.Colour {
			name = "\x1b[33m" + name + "\x1b[m"
		}
		since := render.LocalTime(v.Since, style.Zone)
		if style.Terminal {
			since = render.Minute(v.Since, style.Zone)
		}
		c.heads[i] = name + " " + sources.cell(terminal.Quote(v.Source)) + "(" + owners.cell(owner(v)) + since + " "
	}
	return c
}

// owner is the name of a version's owner, else the number.
func owner(v *Version) string {
	if v.User == "" {
		return strconv.FormatUint(uint64(v.UID), 10)
	}
	return terminal.Quote(v.User)
}

// column is a column that is left out where all its cells are the same.
type column struct {
	values map[string]bool
	width  int
}

func newColumn() *column { return &column{values: map[string]bool{}} }

func (c *column) add(value string) {
	c.values[value] = true
	c.width = max(c.width, utf8.RuneCountInString(value))
}

// cell is a value with the space after it, filled to the width of the column.
func (c *column) cell(value string) string {
	if len(c.values) < 2 {
		return ""
	}
	return value + strings.Repeat(" ", max(0, c.width-utf8.RuneCountInString(value))+1)
}

// Document is what blame --json prints.
type Document struct {
	Path      string            `json:"path"`
	PathBytes string            `json:"path_bytes,omitempty"`
	Versions  []VersionDocument `json:"versions"`
	Lines     []LineDocument    `json:"lines"`
}

// VersionDocument is a version that lines came in with.
type VersionDocument struct {
	render.EntryDocument
	Boundary bool `json:"boundary,omitempty"`
}

// LineDocument is a line and the version that it came in with.
type LineDocument struct {
	Line         int    `json:"line"`
	Commit       string `json:"commit"`
	OriginalLine int    `json:"original_line"`
	Text         string `json:"text"`
	TextBytes    string `json:"text_bytes,omitempty"`
}

// JSON is the blame as a document.
func (b *Blame) JSON() Document {
	d := Document{Path: b.Source, PathBytes: render.RawBytes(b.Source), Versions: []VersionDocument{}, Lines: []LineDocument{}}
	for _, v := range b.used() {
		d.Versions = append(d.Versions, VersionDocument{render.EntryJSON(&v.Entry), v.Boundary})
	}
	for _, l := range b.Lines {
		text := strings.TrimSuffix(l.Text, "\n")
		d.Lines = append(d.Lines, LineDocument{Line: l.Number, Commit: b.Versions[l.Origin.Version].Commit.String(), OriginalLine: l.Origin.Line + 1, Text: text, TextBytes: render.RawBytes(text)})
	}
	return d
}
