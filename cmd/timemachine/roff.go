package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"timemachine/cmd/timemachine/internal/terminal"
)

// roff is a manual page being written.
type roff struct{ strings.Builder }

// escapeRoff escapes text for troff. Dashes come out as they are typed in a shell.
func escapeRoff(text string) string {
	return strings.NewReplacer(`\`, `\e`, `-`, `\-`, "…", "...", "’", "'").Replace(text)
}

// macro writes a request with its arguments. Empty arguments and those with spaces are quoted.
func (p *roff) macro(name string, args ...string) {
	p.WriteString("." + name)
	for _, arg := range args {
		if arg == "" || strings.Contains(arg, " ") {
			arg = `"` + arg + `"`
		}
		p.WriteString(" " + arg)
	}
	p.WriteString("\n")
}

func (p *roff) section(title string) { p.macro("SH", title) }

// text writes a line of roff. A line that begins like a request is kept from being one.
func (p *roff) text(line string) {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	p.WriteString(line + "\n")
}

// sourceWidth is the length of the longest line of running text in a page's source.
const sourceWidth = 78

// fill writes running text. It breaks long lines, which troff joins again.
func (p *roff) fill(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		for _, part := range strings.Split(terminal.Wrap(strings.TrimSpace(line), sourceWidth), "\n") {
			p.text(part)
		}
	}
}

// textIndent is how far man indents text, in columns.
const textIndent = 7

// literal writes lines without filling them. Where one would not fit beside man's indentation, all
// begin further left.
func (p *roff) literal(lines []string) {
	widest := 0
	for _, line := range lines {
		widest = max(widest, utf8.RuneCountInString(line))
	}
	over := min(textIndent+widest-narrow, textIndent)
	if over > 0 {
		p.macro("in", fmt.Sprintf("-%dn", over))
	}
	p.macro("nf")
	for _, line := range lines {
		p.text(escapeRoff(line))
	}
	p.macro("fi")
	if over > 0 {
		p.macro("in", fmt.Sprintf("+%dn", over))
	}
}

// heading matches a line of help that opens a section, such as "Files:" or "Environment (flags beat
// it):".
var heading = regexp.MustCompile(`^([A-Z][a-z]+(?: [a-z]+){0,2})(?: \((.*)\))?:$`)

// prose writes the help of a command. It fills paragraphs, keeps indented lines, and turns headings
// into sections.
func (p *roff) prose(help string) {
	begins := true // of a section, where a request for a paragraph would be idle
	for block := range strings.SplitSeq(strings.TrimSpace(help), "\n\n") {
		lines := strings.Split(block, "\n")
		if m := heading.FindStringSubmatch(lines[0]); m != nil {
			p.section(strings.ToUpper(m[1]))
			if m[2] != "" {
				p.fill(escapeRoff(strings.ToUpper(m[2][:1]) + m[2][1:] + "."))
			}
			lines = lines[1:]
			begins = m[2] == ""
		} else if !begins {
			p.macro("PP")
		}
		p.block(lines)
		begins = begins && len(lines) == 0
	}
}

func (p *roff) block(lines []string) {
	for len(lines) > 0 {
		n := 1
		indented := strings.HasPrefix(lines[0], "  ")
		for n < len(lines) && strings.HasPrefix(lines[n], "  ") == indented {
			n++
		}
		if indented {
			p.literal(lines[:n])
		} else {
			p.fill(escapeRoff(strings.Join(lines[:n], "\n")))
		}
		lines = lines[n:]
	}
}
