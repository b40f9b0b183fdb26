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
	Colour   bool
	Terminal bool // control characters in content are escaped
	Words    bool // changes within lines are marked
	Zone     *time.Location
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
		t.heading(c)
		switch {
		case !c.Content:
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

func (t *diffText) heading(c *Comparison) {
	head := t.paint.head
	t.line(head, "diff --git "+record.Quote("a"+c.Source)+" "+record.Quote("b"+c.Source))
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
	if !c.From.There || !c.To.There || c.From.Odd != "" || c.To.Odd != "" {
		return
	}
	if owner := ownerChange(&c.From, &c.To); owner != "" {
		t.line(head, owner)
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

func (t *diffText) body(c *Comparison) {
	if len(c.Edits) == 0 {
		return // an empty file was added or deleted
	}
	name := func(prefix string, s *Side) string {
		if !s.There {
			return "/dev/null"
		}
		return record.Quote(prefix+c.Source) + "\t" + s.label(t.style.Zone)
	}
	t.line(t.paint.head, "--- "+name("a", &c.From))
	t.line(t.paint.head, "+++ "+name("b", &c.To))
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
	if !t.style.Terminal {
		return line
	}
	parts := strings.Split(line, "\t")
	for i := range parts {
		parts[i] = terminal.EscapeContent(parts[i])
	}
	return strings.Join(parts, "\t")
}

func (t *diffText) contents(text string) string {
	parts := strings.Split(text, "\n")
	for i := range parts {
		parts[i] = t.content(parts[i])
	}
	return strings.Join(parts, "\n")
}
