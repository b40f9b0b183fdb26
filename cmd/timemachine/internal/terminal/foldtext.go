package terminal

import (
	"regexp"
	"strings"
	"unicode"
)

// tableRow matches a line of a table with two columns, and what precedes the second one.
var tableRow = regexp.MustCompile(`^( *\S+(?: \S+)* {2,})\S`)

// FoldText folds each line of a text that is wider than a number of columns. In a table, what is
// folded stands below the second column, or where that lies too far to the right, below the first.
func FoldText(text string, columns int) string {
	var out []string
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		lead := len(line) - len(strings.TrimLeft(line, " "))
		m := tableRow.FindStringSubmatch(line)
		if m == nil {
			hang := 2
			if lead == 0 || lead > columns/2 {
				hang = 0
			}
			out = append(out, Fold(strings.TrimRight(line, " "), columns, hang, nil)...)
			continue
		}
		first, second := m[1], line[len(m[1]):]
		at := Columns(first)
		for ; i+1 < len(lines) && indentOf(lines[i+1]) == at; i++ { // the rest of the row
			rest := strings.TrimLeft(lines[i+1], " ")
			if strings.HasSuffix(second, ".") && unicode.IsLower(rune(rest[0])) {
				break // which is no part of the sentence
			}
			second += " " + rest
		}
		switch {
		case Columns(first+second) <= columns:
			out = append(out, first+second)
		case at <= columns/2:
			rest := Fold(strings.Repeat(" ", at)+second, columns, 0, nil)
			out = append(append(out, first+rest[0][at:]), rest[1:]...)
		default:
			out = append(out, Fold(strings.TrimRight(first, " "), columns, 2, nil)...)
			out = append(out, Fold(strings.Repeat(" ", lead+4)+second, columns, 0, nil)...)
		}
	}
	return strings.Join(out, "\n")
}

// indentOf is the number of spaces before a line's text; -1 for a line without one.
func indentOf(line string) int {
	text := strings.TrimLeft(line, " ")
	if text == "" {
		return -1
	}
	return len(line) - len(text)
}
