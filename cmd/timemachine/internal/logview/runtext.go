package logview

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// dot separates the parts of a line.
func dot() string { return terminal.InCharset(" · ") }

// mostParts is how many parts of a run are told; the others are counted.
const mostParts = 4

// Run shows a run: its versions, or the parts of a large one. all tells whether that is everything.
func (s *Style) Run(r *Run) (text string, all bool) {
	text, all = s.parts(r)
	return text + s.moreText(r), all
}

// MostCounted is how many versions of a run that a limit left out are counted.
const MostCounted = 1000

// moreText says how many versions of a run a limit left out; "" for none.
func (s *Style) moreText(r *Run) string {
	if r.More == 0 {
		return ""
	}
	number := strconv.Itoa(r.More)
	if r.More > MostCounted {
		number = "over " + strconv.Itoa(MostCounted)
	}
	return s.text(line{{plain, "  " + terminal.Ellipsis() + " and " + number + " more of this run"}})
}

// head begins the text of a run: its time.
func (s *Style) head(r *Run) line {
	date := s.date(r.Time)
	if r.Seconds {
		date += r.Time.In(s.Zone).Format(":05")
	}
	return line{{bold, date}, {plain, dot() + briefAgo(r.Time, s.Now)}}
}

// parts shows what a run did.
func (s *Style) parts(r *Run) (text string, all bool) {
	head := s.head(r)
	if r.Versions <= len(r.first) {
		if list := r.joined(); len(list) <= few {
			text = s.text(head)
			for i := range list {
				text += s.memberVersion(&list[i], r.RenamedTo[list[i].Source])
			}
			return text, true
		}
	}
	parts, rest := r.Parts(mostParts)
	if rest.Files > 0 {
		parts = append(parts, rest)
	}
	one := slices.Clone(head)
	for _, p := range parts {
		one.add(plain, dot())
		one.add(p.colour(), p.text(s.path))
	}
	if one.width() <= s.Columns {
		return s.text(one), false
	}
	text = s.text(head)
	for _, p := range parts {
		text += s.text(line{{plain, "  "}, {p.colour(), s.partText(&p, s.Columns-2)}})
	}
	return text, false
}

// RunLine shows a run in one line: as many parts as fit.
func (s *Style) RunLine(r *Run) string {
	head := s.head(r)
	if s.Columns < 60 {
		head = head[:1]
	}
	for most := mostParts; most > 0; most-- {
		parts, rest := r.Parts(most)
		if rest.Files > 0 {
			parts = append(parts, rest)
		}
		l := slices.Clone(head)
		for _, p := range parts {
			l.add(plain, dot())
			l.add(p.colour(), p.text(s.path))
		}
		if l.width() <= s.Columns {
			return s.text(l)
		}
	}
	parts, rest := r.Parts(1)
	others := ""
	if rest.Files > 0 && s.Columns >= 60 {
		others = dot() + rest.text(s.path)
	}
	head.add(plain, dot())
	head.add(parts[0].colour(), s.partText(&parts[0], s.Columns-head.width()-terminal.Columns(others)))
	head.add(plain, others)
	return s.text(head)
}

// partText is a part in some columns: its path is cut.
func (s *Style) partText(p *Part, columns int) string {
	if p.Itself && terminal.Columns(p.text(s.path)) > columns { // the path tells more
		short := *p
		short.Itself = false
		p = &short
	}
	return p.text(func(source string, folder bool) string {
		path := s.path(source, folder)
		left := columns - terminal.Columns(p.text(func(string, bool) string { return "" }))
		if p.To != "" || p.From != "" {
			left /= 2
		}
		return terminal.CutMiddle(path, max(left, 1))
	})
}

// joined are the versions of a small run, without the deletions of the names that renames left.
func (r *Run) joined() []history.Entry {
	var list []history.Entry
	for _, e := range r.first {
		if e.Event != record.Deleted || r.renamed[e.Source] == "" {
			list = append(list, e)
		}
	}
	return list
}

// RunDocument is a run as log --runs prints it.
type RunDocument struct {
	Time     string         `json:"time"`
	Commit   string         `json:"commit"`
	Scan     string         `json:"scan,omitempty"`
	Versions int            `json:"versions"`
	Parts    []PartDocument `json:"parts"`
}

// PartDocument is what a run did to files at or below a path.
type PartDocument struct {
	Change    string `json:"change"`
	Path      string `json:"path"`
	PathBytes string `json:"path_bytes,omitempty"`
	To        string `json:"to,omitempty"`
	ToBytes   string `json:"to_bytes,omitempty"`
	Versions  int    `json:"versions"`
}

// JSON is the document of a run.
func (r *Run) JSON() RunDocument {
	d := RunDocument{Time: record.FormatTime(r.Time), Commit: r.id.String(), Scan: r.Scan, Versions: r.Versions, Parts: []PartDocument{}}
	parts, _ := r.Parts(mostParts)
	for _, p := range parts {
		d.Parts = append(d.Parts, PartDocument{p.Deed, p.Folder, render.RawBytes(p.Folder), p.To, render.RawBytes(p.To), p.Versions})
	}
	return d
}

// WriteRun writes a run as a line for pipes: its time, its newest commit, the number of versions,
// and what it did.
func WriteRun(w io.Writer, r *Run, zone *time.Location) error {
	parts, rest := r.Parts(mostParts)
	if rest.Files > 0 {
		parts = append(parts, rest)
	}
	var about []string
	for _, p := range parts {
		about = append(about, p.text(func(source string, _ bool) string { return terminal.Quote(source) }))
	}
	_, err := fmt.Fprintf(w, "%s  %s  %-15s  %s\n", render.LocalTime(r.Time, zone), r.id.Short(), render.Count(r.Versions, "version"), strings.Join(about, ", "))
	return err
}
