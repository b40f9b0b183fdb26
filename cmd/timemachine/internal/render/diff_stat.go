package main

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

const statBar = 40 // the longest row of + and -

// writeDiffStat writes how many lines changed in each file, and a sum.
func writeDiffStat(w io.Writer, comparisons iter.Seq2[*comparison, error]) error {
	var list []*comparison
	width, most, added, removed := 0, 0, 0, 0
	for c, err := range comparisons {
		if err != nil {
			return err
		}
		c.old, c.new, c.edits = nil, nil, nil
		list = append(list, c)
		width = max(width, utf8.RuneCountInString(quote(c.source)))
		most = max(most, c.added+c.removed)
		added, removed = added+c.added, removed+c.removed
	}
	if len(list) == 0 {
		return nil
	}
	for _, c := range list {
		name := quote(c.source) + strings.Repeat(" ", width-utf8.RuneCountInString(quote(c.source)))
		if _, err := fmt.Fprintf(w, " %s | %s\n", name, c.statText(most)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, " %s changed, %s(+), %s(-)\n", count(len(list), "file"), count(added, "insertion"), count(removed, "deletion"))
	return err
}

// statText is a file's row: its changed lines and a bar of them, or what is to be said instead. most is the largest number
// of all rows.
func (c *comparison) statText(most int) string {
	switch {
	case !c.content:
		return fmt.Sprintf("mode %04o to %04o", c.from.mode, c.to.mode)
	case c.summary() != "":
		return c.summary()
	}
	plus, minus := c.added, c.removed
	if most > statBar {
		plus, minus = (plus*statBar+most-1)/most, (minus*statBar+most-1)/most
	}
	return strings.TrimRight(fmt.Sprintf("%d %s%s", c.added+c.removed, strings.Repeat("+", plus), strings.Repeat("-", minus)), " ")
}
