package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"timemachine/repo/record"
)

// Quote is a file name for people: bare where all of it shows, else C-quoted as git does it.
func Quote(name string) string { return record.Quote(name) }

// InQuotes is a word in double quotes, for messages in which a bare word could be overlooked.
func InQuotes(word string) string {
	q := record.Quote(word)
	if strings.HasPrefix(q, `"`) && q != word {
		return q
	}
	return `"` + q + `"`
}

// Escape escapes, byte by byte, what does not show in a name or could act on a terminal, and bytes
// that are not UTF-8. Error texts of the operating system hold file names as they are, so whole
// messages pass through Escape.
func Escape(text string) string { return escape(text, record.Hidden) }

// EscapeContent escapes in a line of a file what could act on a terminal or pass for another line.
// What does not show otherwise stays.
func EscapeContent(line string) string { return escape(line, Hazardous) }

// EscapeText is EscapeContent that leaves tabs as they are.
func EscapeText(line string) string {
	return escape(line, func(r rune) bool { return r != '\t' && Hazardous(r) })
}

func escape(text string, wrong func(rune) bool) string {
	if !strings.ContainsFunc(text, wrong) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if wrong(r) {
			writeEscaped(&b, text[i:i+size])
		} else {
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}

// EscapingWriter passes text on to a terminal. It escapes all that EscapeContent does, but for
// newlines and tabs.
type EscapingWriter struct {
	w    io.Writer
	rest []byte // the first bytes of a character
}

// NewEscapingWriter returns a writer to w. Close writes the bytes of a character that was cut.
func NewEscapingWriter(w io.Writer) *EscapingWriter { return &EscapingWriter{w: w} }

// Write writes the whole characters of p and keeps the beginning of the next one.
func (s *EscapingWriter) Write(p []byte) (int, error) {
	text := append(s.rest, p...)
	var b strings.Builder
	for len(text) > 0 && utf8.FullRune(text) {
		r, size := utf8.DecodeRune(text)
		if r != '\n' && r != '\t' && Hazardous(r) {
			writeEscaped(&b, string(text[:size]))
		} else {
			b.Write(text[:size])
		}
		text = text[size:]
	}
	s.rest = append([]byte(nil), text...)
	_, err := io.WriteString(s.w, b.String())
	return len(p), err
}

// Close writes the bytes that begin a character and do not end it.
func (s *EscapingWriter) Close() error {
	_, err := io.WriteString(s.w, EscapeContent(string(s.rest)))
	s.rest = nil
	return err
}

// Hazardous tells whether a character could act on a terminal or pass for another line: control and
// C1 characters, bidi and other format characters, line separators. It holds for the replacement
// character, too, which stands for bytes that are not UTF-8.
func Hazardous(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func writeEscaped(b *strings.Builder, bytes string) {
	switch bytes {
	case "\n":
		b.WriteString(`\n`)
	case "\r":
		b.WriteString(`\r`)
	case "\t":
		b.WriteString(`\t`)
	default:
		for i := range len(bytes) {
			fmt.Fprintf(b, `\%03o`, bytes[i])
		}
	}
}
