package render

import (
	"fmt"
	"io"
	"iter"
	"strings"

	"timemachine/cmd/timemachine/internal/terminal"
)

const (
	statBar    = 40 // the longest row of + and -
	fewestName = 10 // columns of a name that are left beside a long row
)

// WriteDiffStat writes the number of changed lines of each file, and the sum. Long names are cut to
// a terminal of so many columns; 0: there is none.
func WriteDiffStat(w io.Writer, comparisons iter.Seq2[*Comparison, error], columns int) error {
	var list []*Comparison
	width, most, added, removed, folders := 0, 0, 0, 0, 0
	for c, err := range comparisons {
		if err != nil {
			return err
		}
		c.Old, c.New, c.Edits = nil, nil, nil
		list = append(list, c)
		width = max(width, terminal.Columns(c.statName()))
		most = max(most, c.Added+c.Removed)
		added, removed = added+c.Added, removed+c.Removed
		if c.isFolder() {
			folders++
		}
	}
	if len(list) == 0 {
		return nil
	}
	if columns > 0 {
		longest := 0
		for _, c := range list {
			longest = max(longest, terminal.Columns(c.statText(most)))
		}
		width = min(width, max(columns-len("  | ")-longest, fewestName))
	}
	for _, c := range list {
		name := terminal.Pad(terminal.CutMiddle(c.statName(), width), width)
		if _, err := fmt.Fprintf(w, " %s | %s\n", name, c.statText(most)); err != nil {
			return err
		}
	}
	sum := []string{" " + statSum(len(list)-folders, folders, added, removed)}
	if columns > 0 {
		sum = terminal.Fold(sum[0], columns, 1, nil)
	}
	_, err := fmt.Fprintln(w, strings.Join(sum, "\n"))
	return err
}

// statSum is the last line: lines that came, or went, are left out where there are none.
func statSum(files, folders, added, removed int) string {
	text := Count(files, "file")
	if folders > 0 {
		text += " and " + Count(folders, "folder")
	}
	return text + " changed" + lineCounts(added, removed)
}

// lineCounts are the numbers of lines that came and went, each after a comma; "" for none.
func lineCounts(added, removed int) (text string) {
	if added > 0 {
		text += ", " + Count(added, "insertion") + "(+)"
	}
	if removed > 0 {
		text += ", " + Count(removed, "deletion") + "(-)"
	}
	return text
}

// statName is the name in a row: of a renamed file both.
func (c *Comparison) statName() string {
	if c.isRename() {
		return terminal.Quote(c.oldSource()) + " => " + terminal.Quote(c.Source)
	}
	return terminal.Quote(c.Source)
}

// StatLine is how much the content of one file changed; "" where it did not.
func StatLine(c *Comparison) string {
	if !c.Content {
		return ""
	}
	if text := c.summary(); text != "" {
		return " " + text
	}
	return " " + strings.TrimPrefix(lineCounts(c.Added, c.Removed), ", ")
}

// statText is the row of a file: what changed in its content, then the changes of mode, owner and
// kind. most is the largest number of changed lines of all rows.
func (c *Comparison) statText(most int) string {
	if c.isFolder() {
		return c.folderText()
	}
	changes := strings.Join(attributeChanges(&c.From, &c.To), ", ")
	switch {
	case !c.Content && changes == "" && c.isRename():
		return "0"
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
