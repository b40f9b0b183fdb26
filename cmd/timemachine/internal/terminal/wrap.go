package terminal

import (
	"strings"
	"unicode/utf8"
)

// Wrap fills paragraphs to a width in columns. Lines that begin with white space stay as they are.
func Wrap(text string, width int) string {
	var out, words []string
	fill := func() {
		line := ""
		for _, w := range words {
			if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w) > width {
				out, line = append(out, line), ""
			}
			line = strings.TrimPrefix(line+" "+w, " ")
		}
		if words = nil; line != "" {
			out = append(out, line)
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" && strings.TrimLeft(line, " \t") == line {
			words = append(words, strings.Fields(line)...)
			continue
		}
		fill()
		out = append(out, line)
	}
	fill()
	return strings.Join(out, "\n")
}
