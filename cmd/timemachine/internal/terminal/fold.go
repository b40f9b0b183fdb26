package terminal

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Fold folds a line at its spaces to a number of columns, where it is wider. The lines after the
// first are indented by hang more columns than it is. A word that is wider than a line keeps its
// length. So do the texts of whole, which are commands to paste: one that is wider has a line of
// its own.
func Fold(line string, columns, hang int, whole []string) []string {
	if width(line) <= columns {
		return []string{line}
	}
	text := strings.TrimLeft(line, " ")
	lead := line[:len(line)-len(text)]
	indent := lead + strings.Repeat(" ", hang)
	var lines []string
	line = lead
	for _, u := range units(text, whole) {
		alone := u.isCommand && len(indent)+width(u.text) > columns
		switch {
		case alone:
			if line != lead {
				lines = append(lines, line)
			}
			line = lead + strings.Repeat(" ", min(hang, 2)) + u.text
		case width(line) > len(indent) && width(line+u.space+u.text) > columns:
			lines = append(lines, line)
			line = indent + u.text
		default:
			line += u.space + u.text
		}
	}
	return append(lines, line)
}

// FoldMessage folds a line of a message. What follows a level or "hint:" stands below its first
// word.
func FoldMessage(line string, columns int, whole []string) []string {
	hang := 2
	if label := labels.FindString(line); label != "" {
		hang = width(label)
	}
	return Fold(line, columns, hang, whole)
}

// labels match the beginning of a message that is not a part of its text.
var labels = regexp.MustCompile(`^(\x1b\[[0-9;]*m)?(DBG|INF|WRN|ERR|hint:|remote:)(\x1b\[[0-9;]*m)? `)

// colours match what a console writes to change the colour: no other control sequence gets there.
var colours = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// width is how many columns a text takes without its colours.
func width(text string) int { return Columns(colours.ReplaceAllString(text, "")) }

// unit is a piece of a line that is not folded, and the space before it.
type unit struct {
	space, text string
	isCommand   bool // of several words
}

// units splits a line into its words. A text of whole is a part of one unit.
func units(line string, whole []string) (list []unit) {
	whole = slices.SortedFunc(slices.Values(whole), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for line != "" {
		rest := strings.TrimLeft(line, " ")
		u := unit{space: line[:len(line)-len(rest)]}
		kept := 0
		for _, w := range whole {
			if strings.HasPrefix(rest, w) && endsWord(rest[len(w):]) {
				kept, u.isCommand = len(w), true
				break
			}
		}
		end := kept + len(rest[kept:])
		if i := strings.IndexByte(rest[kept:], ' '); i >= 0 {
			end = kept + i
		}
		u.text, line = rest[:end], rest[end:]
		list = append(list, u)
	}
	return list
}

// endsWord tells whether a word may have ended before a text.
func endsWord(text string) bool { return text == "" || strings.ContainsRune(" ;,)?", rune(text[0])) }
