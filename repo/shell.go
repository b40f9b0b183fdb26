package repo

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ShellWord is s as one word of a shell command, for hints that people paste: nothing in it is expanded, and nothing acts
// on a terminal. Names with control or format characters, or not UTF-8, are in the form $'…', which POSIX has since 2024
// and bash, zsh and ksh have always had.
func ShellWord(s string) string { return word(s) }

func word(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("/._-+,@%:=", c)
	}
	switch {
	case strings.ContainsFunc(s, unprintable):
		return escapedWord(s)
	case s != "" && s[0] != '-' && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0:
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func unprintable(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func escapedWord(s string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
