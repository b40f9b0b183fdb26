package folderview

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// Listing is what a folder held at a moment, or one file.
type Listing struct {
	Folder string // "": the row is a file that was asked for by its path
	Rows   []Row  // by name
}

// Row is a file, a link or a folder at a moment.
type Row struct {
	Path   string
	Entry  *history.Entry // nil: a folder without a record
	Target string         // of a link
}

// isFolder tells whether the row is about a folder.
func (r *Row) isFolder() bool { return r.Entry == nil || r.Entry.Folder }

// Listings are the folders to be listed of what was at and below a path: the folder at the path
// and, with recursive, those below it, each before the folders in it. Where a file was at the path,
// it is the only row.
func Listings(at string, entries []history.Entry, recursive bool) []Listing {
	if i := slices.IndexFunc(entries, func(e history.Entry) bool { return e.Source == at && e.HasContent() }); i >= 0 {
		return []Listing{{Rows: []Row{{Path: at, Entry: &entries[i]}}}}
	}
	folders := map[string]map[string]*history.Entry{at: {}}
	for i := range entries {
		e := &entries[i]
		if e.Folder && folders[e.Source] == nil {
			folders[e.Source] = map[string]*history.Entry{}
		}
		for child, of := e.Source, e; child != at; child, of = path.Dir(child), nil {
			above := path.Dir(child)
			if folders[above] == nil {
				folders[above] = map[string]*history.Entry{}
			}
			if known, ok := folders[above][child]; !ok || known == nil {
				folders[above][child] = of
			}
		}
	}
	return appendListings(nil, folders, at, recursive)
}

func appendListings(list []Listing, folders map[string]map[string]*history.Entry, at string, recursive bool) []Listing {
	l := Listing{Folder: at}
	for child, e := range folders[at] {
		l.Rows = append(l.Rows, Row{Path: child, Entry: e})
	}
	slices.SortFunc(l.Rows, func(a, b Row) int { return strings.Compare(a.Path, b.Path) })
	list = append(list, l)
	if !recursive {
		return list
	}
	for i := range l.Rows {
		if l.Rows[i].isFolder() {
			list = appendListings(list, folders, l.Rows[i].Path, true)
		}
	}
	return list
}

// ListingText says how listings are written.
type ListingText struct {
	Zone   *time.Location
	Colour bool
	Named  bool // the path of each folder stands above its rows

	Columns int // of the terminal, to which rows are folded; 0: they are not
}

// WriteListings writes listings as ls -l does: a line for each row, in columns of one width in each
// listing. What no record tells is a question mark, what a folder does not have is a dash.
func WriteListings(w io.Writer, lists []Listing, o ListingText) error {
	for i := range lists {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := lists[i].write(w, o); err != nil {
			return err
		}
	}
	return nil
}

func (l *Listing) write(w io.Writer, o ListingText) error {
	var b strings.Builder
	if o.Named && l.Folder != "" {
		b.WriteString(terminal.Quote(l.Folder) + ":\n")
	}
	var cells [][]string
	widths := make([]int, 5)
	for i := range l.Rows {
		row := l.Rows[i].cells(o.Zone)
		for c := range widths {
			widths[c] = max(widths[c], utf8.RuneCountInString(row[c]))
		}
		cells = append(cells, row)
	}
	for i, row := range cells {
		r := &l.Rows[i]
		name := r.Path
		if l.Folder != "" {
			name = path.Base(r.Path)
		}
		line := pad(row[0], -widths[0]) + " " + pad(row[1], -widths[1]) + " " + pad(row[2], -widths[2]) + " " + pad(row[3], widths[3]) + " " + pad(row[4], widths[4]) + " "
		whole := []string{r.coloured(terminal.Quote(name), o.Colour)}
		line += whole[0]
		if r.Entry != nil && r.Entry.Link {
			whole = append(whole, terminal.Quote(r.Target))
			line += " -> " + whole[1]
		}
		if o.Columns > 0 {
			line = strings.Join(terminal.Fold(line, o.Columns, 2, whole), "\n")
		}
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// pad fills a cell with spaces, before it where the width is above 0, else after it.
func pad(text string, width int) string {
	spaces := strings.Repeat(" ", max(max(width, -width)-utf8.RuneCountInString(text), 0))
	if width < 0 {
		return text + spaces
	}
	return spaces + text
}

// cells are a row's columns before its name: mode, user, group, size and time.
func (r *Row) cells(zone *time.Location) []string {
	e := r.Entry
	if e == nil {
		return []string{"d?????????", "?", "?", "-", "-"}
	}
	cells := []string{ModeLetters(&e.Record), ownerName(e.User, e.UID), ownerName(e.Group, e.GID), "-", "-"}
	if !e.Folder {
		cells[3], cells[4] = strconv.FormatInt(e.Size, 10), render.Minute(e.Mtime, zone)
	}
	return cells
}

func ownerName(name string, id uint32) string {
	if name == "" {
		return strconv.FormatUint(uint64(id), 10)
	}
	return terminal.Quote(name)
}

// ModeLetters are type and mode of a version as ls -l shows them, and a plus where there is an
// access list.
func ModeLetters(r *record.Record) string {
	letters := []byte("-rwxrwxrwx")
	switch {
	case r.Folder:
		letters[0] = 'd'
	case r.Link:
		letters[0] = 'l'
	}
	for i := range 9 {
		if r.Mode&(0o400>>i) == 0 {
			letters[1+i] = '-'
		}
	}
	for _, special := range []struct {
		bit       uint32
		at        int
		with, not byte // where the right to execute is given, and where it is not
	}{{0o4000, 3, 's', 'S'}, {0o2000, 6, 's', 'S'}, {0o1000, 9, 't', 'T'}} {
		switch {
		case r.Mode&special.bit == 0:
		case letters[special.at] == 'x':
			letters[special.at] = special.with
		default:
			letters[special.at] = special.not
		}
	}
	if slices.ContainsFunc(r.Xattrs, isAccessList) {
		letters = append(letters, '+')
	}
	return string(letters)
}

func isAccessList(x record.Xattr) bool {
	return x.Name == "system.posix_acl_access" || x.Name == "system.posix_acl_default" || x.Name == "system.nfs4_acl"
}

// coloured is a name in the colours of ls: folders blue, links cyan, programs green.
func (r *Row) coloured(name string, colour bool) string {
	code := ""
	switch {
	case !colour:
	case r.isFolder():
		code = "34"
	case r.Entry.Link:
		code = "36"
	case r.Entry.Mode&0o111 != 0:
		code = "32"
	}
	if code == "" {
		return name
	}
	return fmt.Sprintf("\x1b[1;%sm%s\x1b[m", code, name)
}

// RowDocument is a row as ls --json prints it: its version, and the target of a link.
type RowDocument struct {
	render.EntryDocument
	Target      string `json:"target,omitempty"`
	TargetBytes string `json:"target_bytes,omitempty"`
}

// FolderDocument is a folder of which no record tells anything but that files were in it.
type FolderDocument struct {
	Source      string `json:"source"`
	SourceBytes string `json:"source_bytes,omitempty"`
	Type        string `json:"type"` // folder
}

// RowJSON is the document of a row: a RowDocument or a FolderDocument.
func RowJSON(r *Row) any {
	if r.Entry == nil {
		return FolderDocument{Source: r.Path, SourceBytes: render.RawBytes(r.Path), Type: "folder"}
	}
	return RowDocument{EntryDocument: render.EntryJSON(r.Entry), Target: r.Target, TargetBytes: render.RawBytes(r.Target)}
}
