package logview

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"timemachine/repo/git/object"
)

// Format writes commits as the --format of git log does.
type Format struct{ parts []formatPart }

// formatPart is a text, or what a placeholder stands for.
type formatPart struct {
	text  string
	value func(id object.ID, c *object.CommitData, now time.Time) string
}

// placeholders are those of git-log(1) that a format may hold, but for %n, %% and %x00.
var placeholders = map[string]func(id object.ID, c *object.CommitData, now time.Time) string{
	"H":  func(id object.ID, _ *object.CommitData, _ time.Time) string { return id.String() },
	"h":  func(id object.ID, _ *object.CommitData, _ time.Time) string { return id.Short() },
	"s":  func(_ object.ID, c *object.CommitData, _ time.Time) string { return subject(c) },
	"b":  func(_ object.ID, c *object.CommitData, _ time.Time) string { return body(c) },
	"B":  func(_ object.ID, c *object.CommitData, _ time.Time) string { return c.Message },
	"T":  func(_ object.ID, c *object.CommitData, _ time.Time) string { return c.Tree.String() },
	"P":  func(_ object.ID, c *object.CommitData, _ time.Time) string { return parents(c) },
	"an": func(_ object.ID, c *object.CommitData, _ time.Time) string { return c.Author.Name },
	"ae": func(_ object.ID, c *object.CommitData, _ time.Time) string { return c.Author.Email },
	"cn": func(_ object.ID, c *object.CommitData, _ time.Time) string { return c.Committer.Name },
	"ce": func(_ object.ID, c *object.CommitData, _ time.Time) string { return c.Committer.Email },
}

// dates are the last letters of the placeholders of dates.
var dates = map[string]func(t, now time.Time) string{
	"d": func(t, _ time.Time) string { return t.Format("Mon Jan 2 15:04:05 2006 -0700") },
	"i": func(t, _ time.Time) string { return t.Format("2006-01-02 15:04:05 -0700") },
	"I": func(t, _ time.Time) string { return t.Format("2006-01-02T15:04:05-07:00") },
	"s": func(t, _ time.Time) string { return t.Format("2006-01-02") },
	"t": func(t, _ time.Time) string { return strconv.FormatInt(t.Unix(), 10) },
	"r": Ago,
}

// Placeholders names what a format may hold.
const Placeholders = "%H %h %T %P %s %b %B %an %ae %ad %ai %aI %as %at %ar %cn %ce %cd %ci %cI %cs %ct %cr %n %% %x00"

// ParseFormat reads the value of --format.
func ParseFormat(text string) (*Format, error) {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "format:"), "tformat:")
	if text == "oneline" {
		text = "%H %s"
	}
	if !strings.Contains(text, "%") {
		return nil, fmt.Errorf("format %q holds no placeholder", text)
	}
	f := &Format{}
	for text != "" {
		before, after, found := strings.Cut(text, "%")
		f.parts = append(f.parts, formatPart{text: before})
		if text = after; !found {
			break
		}
		p, n, err := placeholder(text)
		if err != nil {
			return nil, err
		}
		f.parts, text = append(f.parts, p), text[n:]
	}
	return f, nil
}

// placeholder reads what follows a "%", and returns how long it is.
func placeholder(text string) (p formatPart, n int, err error) {
	for n := 1; n <= min(2, len(text)); n++ {
		name := text[:n]
		if value := placeholders[name]; value != nil {
			return formatPart{value: value}, n, nil
		}
		if date := dates[name[1:]]; date != nil && (name[0] == 'a' || name[0] == 'c') {
			committed := name[0] == 'c'
			return formatPart{value: func(_ object.ID, c *object.CommitData, now time.Time) string {
				if committed {
					return date(c.Committer.When, now)
				}
				return date(c.Author.When, now)
			}}, n, nil
		}
	}
	switch {
	case strings.HasPrefix(text, "n"):
		return formatPart{text: "\n"}, 1, nil
	case strings.HasPrefix(text, "%"):
		return formatPart{text: "%"}, 1, nil
	case strings.HasPrefix(text, "x") && len(text) > 2:
		if b, err := strconv.ParseUint(text[1:3], 16, 8); err == nil {
			return formatPart{text: string([]byte{byte(b)})}, 3, nil
		}
	}
	return p, 0, fmt.Errorf("unknown placeholder %q", "%"+text[:min(2, len(text))])
}

// Text is a commit in the format, with a newline.
func (f *Format) Text(id object.ID, c *object.CommitData, now time.Time) string {
	var b strings.Builder
	for _, p := range f.parts {
		b.WriteString(p.text)
		if p.value != nil {
			b.WriteString(p.value(id, c, now))
		}
	}
	return b.String() + "\n"
}

// subject is the first paragraph of a message, in one line.
func subject(c *object.CommitData) string {
	first, _, _ := strings.Cut(strings.TrimLeft(c.Message, "\n"), "\n\n")
	return strings.ReplaceAll(strings.TrimRight(first, "\n"), "\n", " ")
}

// body is what follows the subject.
func body(c *object.CommitData) string {
	_, rest, _ := strings.Cut(strings.TrimLeft(c.Message, "\n"), "\n\n")
	return strings.TrimLeft(rest, "\n")
}

func parents(c *object.CommitData) string {
	var list []string
	for _, p := range c.Parents {
		list = append(list, p.String())
	}
	return strings.Join(list, " ")
}
