package terminal

import (
	"regexp"
	"strings"
)

// ascii says that the locale's charset is not UTF-8: what this program writes of its own is ASCII
// then. Names of files and their contents stay as they are.
var ascii bool

// SetCharset makes the signs those of the locale that the variables of the environment name.
func SetCharset(lookup func(name string) (string, bool)) { ascii = !isUTF8(lookup) }

// isUTF8 tells whether the charset of the locale is UTF-8, as setlocale(3) finds it. That of the
// locale C, which holds where none is named, is not.
func isUTF8(lookup func(name string) (string, bool)) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value, _ := lookup(name); value != "" {
			value = strings.ReplaceAll(strings.ToLower(value), "-", "")
			return strings.Contains(value, "utf8")
		}
	}
	return false
}

// The signs in ASCII.
var inASCII = strings.NewReplacer("…", "...", "·", "-", "→", "->", "’", "'")

// InCharset writes a text of this program's own, in which no name of a file is, with the signs that
// the locale has.
func InCharset(text string) string {
	if ascii {
		return inASCII.Replace(text)
	}
	return text
}

// placeholders match a word of usage that stands for one or more.
var placeholders = regexp.MustCompile(`\b([A-Z]+)…`)

// UsageInCharset is InCharset for the usage in a text that may hold names of files.
func UsageInCharset(text string) string {
	if ascii {
		return placeholders.ReplaceAllString(text, "$1...")
	}
	return text
}

// Ellipsis stands for what is left out.
func Ellipsis() string { return InCharset("…") }
