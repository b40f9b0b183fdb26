package render

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"timemachine/cmd/timemachine/internal/terminal"
)

const statBar = 40 // the longest row of + and -

// WriteDiffStat writes the number of changed lines of each file, and the sum.
func WriteDiffStat(w io.Writer, comparisons iter.Seq2[*Comparison, error]) error {
	var list []*Comparison
	width, most, added, removed := 0, 0, 0, 0
	for c, err := range comparisons {
		if err != nil {
			return err
		}
		c.Old, c.New, c.Edits = nil, nil, nil
		list = append(list, c)
		width = max(width, utf8.RuneCountInString(terminal.Quote(c.Source)))
		most = max(most, c.Added+c.Removed)
		added, removed = added+c.Added, removed+c.Removed
	}
	if len(list) == 0 {
		return nil
	}
	for _, c := range list {
		name := terminal.Quote(c.Source) + strings.Repeat(" ", width-utf8.RuneCountInString(terminal.Quote(c.Source)))
		if _, err := fmt.Fprintf(w, " %s | %s\n", name, c.statText(most)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, " %s changed, %s(+), %s(-)\n", Count(len(list), "file"), Count(added, "insertion"), Count(removed, "deletion"))
	return err
}

// statText is the row of a file: what changed in its content, then the changes of mode, owner and
// kind. most is the largest number of changed lines of all rows.
func (c *Comparison) statText(most int) string {
	changes := strings.Join(attributeChanges(&c.From, &c.To), ", ")
	switch {
	case !c.Content:
		return changes
	case changes == "":
		return c.contentText(most)
	}
	return c.contentText(most) + " (" + changes + ")"
}

// contentText is the number of changed lines with a bar, or the summary.
func (c *Comparison) contentText(most int) string {
	if text := c.summary(); text != "" {
		return text
	}
	plus, minus := c.Added, c.Removed
	if most > statBar {
		plus, minus = (plus*statBar+most-1)/most, (minus*statBar+most-1)/most
	}
	return strings.TrimRight(fmt.Sprintf("%d %s%s", c.Added+c.Removed, strings.Repeat("+", plus), strings.Repeat("-", minus)), " ")
}
