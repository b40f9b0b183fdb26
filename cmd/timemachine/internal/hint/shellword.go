package hint

import (
	"fmt"
	"strings"

	"timemachine/repo/record"
)

// ShellWord is s as one word of a shell command, for hints that people paste. The shell expands
// nothing in it, and a terminal acts on nothing in it. The shell's printf prints names with
// characters that do not show, and names that are not UTF-8: not every sh knows $'…'.
func ShellWord(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("/._-+,@%:=", c)
	}
	switch {
	case strings.ContainsFunc(s, record.Hidden):
		return escapedWord(s)
	case s != "" && s[0] != '-' && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0:
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// escapedWord is a word that the shell's printf prints. Newlines at its end come from IFS, because
// a command substitution drops them.
func escapedWord(s string) string {
	printed := strings.TrimRight(s, "\n")
	var b strings.Builder
	b.WriteByte('"')
	if printed != "" {
		b.WriteString("$(printf '")
		for i := range len(printed) {
			switch c := printed[i]; {
			case c == '%':
				b.WriteString("%%")
			case c < ' ' || c >= 0x7f || strings.IndexByte(`'\!`, c) >= 0 || i == 0 && c == '-':
				fmt.Fprintf(&b, `\%03o`, c)
			default:
				b.WriteByte(c)
			}
		}
		b.WriteString("')")
	}
	b.WriteString(strings.Repeat("${IFS#??}", len(s)-len(printed)))
	b.WriteByte('"')
	return b.String()
}
