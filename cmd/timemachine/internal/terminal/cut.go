package terminal

import (
	"strings"

	"github.com/rivo/uniseg"
)

// Columns is how many columns a text takes on a terminal. The text is one line without control
// characters, as Quote and Escape give it.
func Columns(text string) int { return uniseg.StringWidth(text) }

// Pad fills a text with spaces to a number of columns.
func Pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-Columns(text)))
}

// Cut shortens a text at its end to a number of columns. An ellipsis stands for what is left out.
func Cut(text string, columns int) string { return cut(text, columns, columns) }

// CutMiddle shortens a path in its middle to a number of columns. More of the end is left than of
// the beginning, since that has the file's own name.
func CutMiddle(path string, columns int) string { return cut(path, columns, (columns-1)/3) }

// cut leaves out what is between the first head columns, or fewer, and the end.
func cut(text string, columns, head int) string {
	switch width := Columns(text); {
	case width <= columns:
		return text
	case columns < 1:
		return ""
	}
	mark := Ellipsis()
	left := columns - Columns(mark)
	if left < 0 { // of the three points
		mark, left = mark[:columns], 0
	}
	first, rest := split(text, min(head, left))
	last := rest
	for over := Columns(rest) - (left - Columns(first)); over > 0 && last != ""; {
		_, left, width, _ := uniseg.FirstGraphemeClusterInString(last, -1)
		last, over = left, over-width
	}
	return first + mark + last
}

// split splits a text behind the characters that fit into a number of columns.
func split(text string, columns int) (first, rest string) {
	rest = text
	state := -1
	for at := 0; rest != ""; {
		_, left, width, next := uniseg.FirstGraphemeClusterInString(rest, state)
		if at+width > columns {
			break
		}
		at, rest, state = at+width, left, next
	}
	return text[:len(text)-len(rest)], rest
}
