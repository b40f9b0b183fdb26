package statusview

import (
	"strings"

	"timemachine/cmd/timemachine/internal/terminal"
)

// labelWidth is the width of the column of labels.
const labelWidth = 13

// narrow is the number of columns below which text is not filled.
const narrow = 30

// page is the lines of a status, for a screen or a pipe.
type page struct {
	columns int // of the screen; 0: lines are as long as they get
	lines   []string
}

// row adds a line with a label. On a screen it is filled with further lines below the text.
func (p *page) row(label, text string) { p.hang(terminal.Pad(label, labelWidth), text, labelWidth) }

// item adds a line of a list: words of a column that is so wide, and a path.
func (p *page) item(words string, columns int, path string) {
	head := "  " + terminal.Pad(words, columns)
	if columns > 0 {
		head += "  "
	}
	if p.columns > 0 {
		path = terminal.CutMiddle(path, max(p.columns-terminal.Columns(head), 8))
	}
	p.plain(head + path)
}

// hang adds a line that is filled to the screen. Further lines begin with so many spaces.
func (p *page) hang(head, text string, indent int) {
	if p.columns == 0 || terminal.Columns(head+text) <= p.columns {
		p.plain(head + text)
		return
	}
	columns := max(p.columns, narrow)
	line, begun := head, false
	for _, word := range breakable(text) {
		word = terminal.CutMiddle(word, columns-indent)
		if begun && terminal.Columns(line)+1+terminal.Columns(word) > columns {
			p.plain(line)
			line, begun = strings.Repeat(" ", indent), false
		}
		if begun {
			line += " "
		}
		line, begun = line+word, true
	}
	p.plain(line)
}

// breakable splits text where a line may end: at spaces, but not in few words in parentheses.
func breakable(text string) []string {
	const few = 20 // columns
	var words []string
	for _, word := range strings.Fields(text) {
		if n := len(words) - 1; n >= 0 && strings.HasPrefix(words[n], "(") && !strings.Contains(words[n], ")") && terminal.Columns(words[n])+1+terminal.Columns(word) <= few {
			words[n] += " " + word
		} else {
			words = append(words, word)
		}
	}
	return words
}

// plain adds a line as it is, such as a command to paste.
func (p *page) plain(line string) { p.lines = append(p.lines, line) }
