package render

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/record"
	"timemachine/repo/textdiff"
)

// contextOf is the number of equal lines around a change.
const contextOf = 3

// paint are the escape sequences of a diff, as git chooses them; the zero value paints nothing.
type paint struct{ head, hunk, removed, added, end string }

// diffPaint are the escape sequences of a coloured diff.
var diffPaint = paint{head: "\x1b[1m", hunk: "\x1b[36m", removed: "\x1b[31m", added: "\x1b[32m", end: "\x1b[m"}

// DiffStyle says how a diff is written.
type DiffStyle struct {
	Colour  bool
	Columns int  // of the terminal, on which control characters in content are escaped; 0: none
	Words   bool // changes within lines are marked
	Zone    *time.Location
}

// WriteDiff writes the files that differ as unified diffs, which patch -p1 and git apply read.
func WriteDiff(w io.Writer, comparisons iter.Seq2[*Comparison, error], style DiffStyle) error {
	t := diffText{w: w, style: style}
	if style.Colour {
		t.paint = diffPaint
	}
	for c, err := range comparisons {
		if err != nil {
			return err
		}
		if c.isFolder() {
			// git knows no folders, and passes over this line
			t.about("Folder " + record.Quote(c.Source) + ": " + c.folderText())
			continue
		}
		t.heading(c)
		switch {
		case !c.Content:
		case c.Binary:
			t.line("", "Binary files "+fileName("a", &c.From, c.oldSource())+" and "+fileName("b", &c.To, c.Source)+" differ")
		case c.summary() != "":
			t.line("", "Differs: "+c.summary())
		default:
			t.body(c)
		}
		if t.err != nil {
			return t.err
		}
	}
	return nil
}

// isFolder tells whether a folder is compared: with itself, or with nothing.
func (c *Comparison) isFolder() bool { return c.From.Folder || c.To.Folder }

// folderText is what differs of a folder.
func (c *Comparison) folderText() string {
	switch {
	case !c.From.There:
		return "new, mode " + modeText(c.To.Mode)
	case !c.To.There:
		return "deleted, mode " + modeText(c.From.Mode)
	}
	return strings.Join(attributeChanges(&c.From, &c.To), ", ")
}

// diffText writes diffs and keeps the first error.
type diffText struct {
	w     io.Writer
	style DiffStyle
	paint paint
	err   error
}

func (t *diffText) print(text string) {
	if t.err == nil {
		_, t.err = io.WriteString(t.w, text)
	}
}

// line writes a line of the diff's own, such as a heading.
func (t *diffText) line(colour, text string) {
	if colour != "" {
		text = colour + text + t.paint.end
	}
	t.print(text + "\n")
}

// about writes a line before a heading, which git passes over. A terminal's is folded.
func (t *diffText) about(text string) {
	lines := []string{text}
	if t.style.Columns > 0 {
		lines = terminal.Fold(text, t.style.Columns, 2, nil)
	}
	for _, line := range lines {
		t.line(t.paint.head, line)
	}
}

// labelsApart tells whether the labels of the two sides stand before the heading, since a terminal
// would break the lines that have them.
func (t *diffText) labelsApart(c *Comparison) bool {
	if t.style.Columns == 0 || !c.hasHunks() {
		return false
	}
	from, to := t.sideName("a", &c.From, c.oldSource(), true), t.sideName("b", &c.To, c.Source, true)
	return max(columnsOfSide(from), columnsOfSide(to)) > t.style.Columns
}

// columnsOfSide is how many columns the line of a side takes.
func columnsOfSide(name string) int {
	const tab = 8
	name, label, _ := strings.Cut("+++ "+name, "\t")
	return (terminal.Columns(name)/tab+1)*tab + terminal.Columns(label)
}

// sideName is the name of a side in its own line, with its label.
func (t *diffText) sideName(prefix string, s *Side, source string, labelled bool) string {
	name := fileName(prefix, s, source)
	if !s.There || !labelled {
		return name
	}
	return name + "\t" + s.label(t.style.Zone)
}

// hasHunks tells whether lines are compared that differ.
func (c *Comparison) hasHunks() bool {
	return c.Content && !c.Binary && c.summary() == "" && len(c.Edits) > 0
}

func (t *diffText) heading(c *Comparison) {
	head := t.paint.head
	if c.From.There && c.To.There && c.From.Odd == "" && c.To.Odd == "" {
		// Behind the heading, git apply would refuse the patch for what git does not know.
		for _, change := range []string{ownerChange(&c.From, &c.To), xattrChange(&c.From, &c.To)} {
			if change != "" {
				t.about("File " + record.Quote(c.Source) + ": " + change)
			}
		}
	}
	if t.labelsApart(c) {
		if c.From.There {
			t.about("From " + c.From.label(t.style.Zone))
		}
		if c.To.There {
			t.about("To " + c.To.label(t.style.Zone))
		}
	}
	t.line(head, "diff --git "+record.Quote("a"+c.oldSource())+" "+record.Quote("b"+c.Source))
	from, to := gitMode(&c.From), gitMode(&c.To)
	switch {
	case !c.From.There:
		t.line(head, "new file mode "+to)
	case !c.To.There:
		t.line(head, "deleted file mode "+from)
	case c.From.Odd != "" || c.To.Odd != "":
	case from != to:
		t.line(head, "old mode "+from)
		t.line(head, "new mode "+to)
	}
	if c.isRename() {
		t.line(head, fmt.Sprintf("similarity index %d%%", c.similarity()))
		t.line(head, "rename from "+record.Quote(strings.TrimPrefix(c.oldSource(), "/")))
		t.line(head, "rename to "+record.Quote(strings.TrimPrefix(c.Source, "/")))
	}
}

// gitMode is a file's kind and its permission bits in the six digits of git's patches, which git
// apply reads.
func gitMode(s *Side) string {
	if s.Link {
		return "120000"
	}
	return "10" + modeText(s.Mode)
}

// fileName is the name of a side in git's patches.
func fileName(prefix string, s *Side, source string) string {
	if !s.There {
		return "/dev/null"
	}
	return record.Quote(prefix + source)
}

func (t *diffText) body(c *Comparison) {
	if len(c.Edits) == 0 {
		return // an empty file was added or deleted
	}
	labelled := !t.labelsApart(c)
	t.line(t.paint.head, "--- "+t.sideName("a", &c.From, c.oldSource(), labelled))
	t.line(t.paint.head, "+++ "+t.sideName("b", &c.To, c.Source, labelled))
	for _, h := range textdiff.Hunks(c.Edits, len(c.Old), len(c.New), contextOf) {
		t.line(t.paint.hunk, "@@ -"+span(h.Start, h.End)+" +"+span(h.NewStart, h.NewEnd)+" @@")
		x := h.Start
		for _, e := range h.Edits {
			t.lines(" ", "", c.Old[x:e.Start], t.style.Words)
			if t.style.Words {
				t.words(c, e)
			} else {
				t.lines("-", t.paint.removed, c.Old[e.Start:e.End], false)
				t.lines("+", t.paint.added, c.New[e.NewStart:e.NewEnd], false)
			}
			x = e.End
		}
		t.lines(" ", "", c.Old[x:h.End], t.style.Words)
	}
}

// span is a hunk's first line and number of lines, as unified diffs count them.
func span(start, end int) string {
	switch end - start {
	case 0:
		return fmt.Sprintf("%d,0", start)
	case 1:
		return fmt.Sprint(start + 1)
	}
	return fmt.Sprintf("%d,%d", start+1, end-start)
}

// lines writes lines of the files, each behind a mark; bare ones have no mark.
func (t *diffText) lines(mark, colour string, lines []string, bare bool) {
	if bare {
		mark = ""
	}
	for _, l := range lines {
		text, whole := strings.CutSuffix(l, "\n")
		t.line(colour, mark+t.content(text))
		if !whole && !bare {
			t.line("", `\ No newline at end of file`)
		}
	}
}

// words writes an edit with the changes within its lines marked.
func (t *diffText) words(c *Comparison, e textdiff.Edit) {
	var b strings.Builder
	last := ""
	for _, p := range textdiff.Words(strings.Join(c.Old[e.Start:e.End], ""), strings.Join(c.New[e.NewStart:e.NewEnd], "")) {
		switch p.Kind {
		case textdiff.Removed:
			t.marked(&b, t.paint.removed, "[-", p.Text, "-]")
		case textdiff.Added:
			t.marked(&b, t.paint.added, "{+", p.Text, "+}")
		default:
			b.WriteString(t.contents(p.Text))
		}
		last = p.Text
	}
	if !strings.HasSuffix(last, "\n") {
		b.WriteByte('\n')
	}
	t.print(b.String())
}

// marked writes changed words, line by line, so that no mark spans lines.
func (t *diffText) marked(b *strings.Builder, colour, open, text, shut string) {
	for line := range strings.Lines(text) {
		part, whole := strings.CutSuffix(line, "\n")
		if part != "" {
			b.WriteString(colour + open + t.content(part) + shut)
			if colour != "" {
				b.WriteString(t.paint.end)
			}
		}
		if whole {
			b.WriteByte('\n')
		}
	}
}

// content is a line of a file for the output. On a terminal control characters are escaped.
func (t *diffText) content(line string) string {
	if t.style.Columns == 0 {
		return line
	}
	return terminal.EscapeText(line)
}

func (t *diffText) contents(text string) string {
	parts := strings.Split(text, "\n")
	for i := range parts {
		parts[i] = t.content(parts[i])
	}
	return strings.Join(parts, "\n")
}
