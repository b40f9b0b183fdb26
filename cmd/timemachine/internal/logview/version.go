package logview

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// wide is the number of columns from which on a version's line has both times.
const wide = 76

// Heading is the line above the versions of a file or folder.
func (s *Style) Heading(source string) string {
	return s.text(line{{bold, terminal.CutMiddle(terminal.Quote(source), s.Columns)}})
}

// FileVersion is a version of a file, whose path stands above. back is the number by which it is
// asked for; below 0 for a version under another name. A deletion can be a rename to another name.
func (s *Style) FileVersion(e *history.Entry, back int, renamedTo string) string {
	var l line
	number := ""
	if back >= 0 {
		number = "@" + strconv.Itoa(back)
	}
	l.add(bold, terminal.Pad(number, 3)+"  ")
	l.add(plain, terminal.Pad(briefAgo(e.Since, s.Now), agoColumns)+"  ")
	if s.Columns >= wide {
		l.add(plain, terminal.Pad(s.date(e.Since), dateColumns)+"  ")
	}
	rest := details(e)
	switch {
	case renamedTo != "":
		l.add(eventColour(e.Event), "renamed   ")
		rest = append([]string{s.renameText(e.Source, renamedTo, s.Columns-5)}, rest...)
	case e.RenamedFrom != "":
		rest = append([]string{s.renameText(e.RenamedFrom, e.Source, s.Columns-5)}, rest...)
		fallthrough
	default:
		s.addEvent(&l, e)
	}
	if s.Columns >= wide {
		l.add(yellow, e.Commit.Short()+"  ")
		return s.withDetails(l, sizes(e), rest, 5)
	}
	if change := sizes(e)[1]; change != "" {
		l.add(plain, change+"  ")
	}
	if l.width()+len(e.Commit.Short()) <= s.Columns {
		l.add(yellow, e.Commit.Short())
	}
	return s.withDetails(l, [2]string{}, rest, 5)
}

// FlatVersion is a version in a line, with its path at the end.
func (s *Style) FlatVersion(e *history.Entry) string {
	var l line
	if s.Columns >= wide {
		l.add(plain, terminal.Pad(s.date(e.Since), dateColumns)+"  ")
	} else {
		l.add(plain, terminal.Pad(briefAgo(e.Since, s.Now), agoColumns)+"  ")
	}
	return s.withPath(l, e, "")
}

// memberVersion is a version of a run, whose time stands above. A deletion can be a rename to a
// name that is not listed.
func (s *Style) memberVersion(e *history.Entry, renamedTo string) string {
	if e.Event != record.Deleted {
		renamedTo = ""
	}
	return s.withPath(line{{plain, "  "}}, e, renamedTo)
}

// withPath ends a line with what a version is about.
func (s *Style) withPath(l line, e *history.Entry, renamedTo string) string {
	if renamedTo == "" {
		s.addEvent(&l, e)
	} else {
		l.add(eventColour(e.Event), "renamed   ")
	}
	if s.Columns >= 60 {
		l.add(yellow, e.Commit.Short()+"  ")
		l.add(plain, padLeft(sizes(e)[1], 10)+"  ")
	}
	rest := details(e)
	name := s.path(e.Source, e.Folder || e.LeadsOn)
	left := s.Columns - l.width()
	switch {
	case renamedTo != "":
		name = s.renameText(e.Source, renamedTo, left)
	case e.RenamedFrom != "":
		name = s.renameText(e.RenamedFrom, e.Source, left)
	}
	l.add(plain, terminal.CutMiddle(name, left))
	if l.width() < s.Columns-2 {
		l.add(plain, "  ")
	}
	return s.withDetails(l, [2]string{}, rest, 4)
}

// addEvent adds what happened.
func (s *Style) addEvent(l *line, e *history.Entry) {
	word := string(e.Event)
	if e.RenamedFrom != "" {
		word = "renamed"
	}
	l.add(eventColour(e.Event), terminal.Pad(word, 8))
	l.add(plain, "  ")
}

// withDetails adds the size and what changed besides the content. What does not fit stands on lines
// of its own, indented.
func (s *Style) withDetails(l line, size [2]string, rest []string, indent int) string {
	about := strings.Join(rest, ", ")
	text := size[0]
	if size[1] != "" && size[1] != size[0] {
		text += " (" + size[1] + ")"
	}
	if l.width()+terminal.Columns(text) > s.Columns {
		text = size[1]
	}
	switch both := strings.TrimPrefix(text+"  "+about, "  "); {
	case about == "" || l.width()+terminal.Columns(both) <= s.Columns:
		l.add(plain, strings.TrimRight(both, " "))
		return s.text(l)
	}
	l.add(plain, text)
	return s.text(l) + s.text(line{{plain, strings.Repeat(" ", indent) + terminal.CutMiddle(about, s.Columns-indent)}})
}

// sizes are the size of a version, where that tells something, and what it says of its change.
func sizes(e *history.Entry) [2]string {
	size, change := render.SizeChange(e)
	switch {
	case e.Ends() || !e.HasContent():
		return [2]string{"", ""}
	case e.Event == record.Metadata || e.Event == record.Touched:
		return [2]string{"", change}
	case change == "" && e.Before != nil && e.Before.HasContent():
		return [2]string{size, ""}
	case change == "":
		return [2]string{size, size}
	}
	return [2]string{size, change}
}

// details are the changes of a version besides its content and its name.
func details(e *history.Entry) []string {
	return slices.DeleteFunc(render.Changes(e), func(text string) bool {
		return text == "folder" || strings.HasPrefix(text, "renamed from ")
	})
}

// renameText is a rename in some columns. The second name stands without its folder where that is
// the same.
func (s *Style) renameText(from, to string, columns int) string {
	old, now := s.path(from, false), s.path(to, false)
	if path.Dir(from) == path.Dir(to) {
		now = terminal.Quote(path.Base(to))
	}
	arrow := terminal.InCharset(" → ")
	if left := columns - terminal.Columns(arrow); terminal.Columns(old+now) > left {
		now = terminal.CutMiddle(now, max(max(0, left)/2, left-terminal.Columns(old)))
		old = terminal.CutMiddle(old, max(0, left-terminal.Columns(now)))
	}
	return old + arrow + now
}

func padLeft(text string, columns int) string {
	return strings.Repeat(" ", max(0, columns-terminal.Columns(text))) + text
}
