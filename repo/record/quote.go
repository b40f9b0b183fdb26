package record

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote gives s as people read it, in messages and tables. It is as QuoteTrailer gives it, and also
// in quotes where s holds a character that is Hidden.
func Quote(s string) string {
	if strings.ContainsFunc(s, Hidden) {
		return string(quote(nil, s))
	}
	return QuoteTrailer(s)
}

// QuoteSome lists the first few names as Quote gives them, and how many others there are.
func QuoteSome(names []string) string {
	const most = 5
	var quoted []string
	for _, name := range names[:min(most, len(names))] {
		quoted = append(quoted, Quote(name))
	}
	text := strings.Join(quoted, ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d others", more)
	}
	return text
}

// Hidden tells whether a character in a name could keep a reader from telling the name. Such are
// those that Unicode knows as no letter, mark, number, punctuation or symbol: control, format and
// private-use characters, those that are not assigned, and spaces but for that of ASCII; those that
// are drawn as nothing, such as variation selectors and fillers; and the replacement character, for
// which bytes that are not UTF-8 may stand.
func Hidden(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return !unicode.IsPrint(r) || r == utf8.RuneError || r == brailleBlank ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// brailleBlank is the braille pattern without a dot.
const brailleBlank = '\u2800'

// QuoteTrailer gives s as it stands in a trailer: unchanged, or in double quotes with C's
// escapes, as git writes paths, where s is empty, begins or ends with a space, is not UTF-8, or
// holds a double quote, a control character (C0, DEL, C1), a line or paragraph separator or a
// format character (bidirectional, zero-width). Inside quotes every byte outside printable ASCII is
// \a \b \t \n \v \f \r or three octal digits. A backslash alone needs no quotes.
func QuoteTrailer(s string) string {
	if !needsQuotes(s) {
		return s
	}
	return string(quote(nil, s))
}

// escapes are the letters for the control characters from 7 to 13.
const escapes = "abtnvfr"

func appendQuoted(b []byte, s string) []byte {
	if !needsQuotes(s) {
		return append(b, s...)
	}
	return quote(b, s)
}

func quote(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case '\a' <= c && c <= '\r':
			b = append(b, '\\', escapes[c-'\a'])
		case c < ' ' || c >= 0x7f:
			b = append(b, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func needsQuotes(s string) bool {
	if s == "" || s[0] == ' ' || s[len(s)-1] == ' ' {
		return true
	}
	for i, c := range []byte(s) {
		if c >= utf8.RuneSelf {
			return !utf8.ValidString(s[i:]) || strings.IndexFunc(s[i:], unsafeRune) >= 0
		}
		if unsafeRune(rune(c)) {
			return true
		}
	}
	return false
}

// unsafeRune tells whether a line with the rune could read as something else than it is.
func unsafeRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f || r == '"'
	}
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Cf, r)
}

var errQuote = errors.New("bad C quoting")

// Unquote is the inverse of Quote and QuoteTrailer. What does not begin with a double quote is
// given back as it is. The error is for a quoted string that does not end with its second quote, or
// has an unknown escape.
func Unquote(s string) (string, error) {
	if !strings.HasPrefix(s, `"`) {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for s = s[1:]; ; {
		i := strings.IndexAny(s, `"\`)
		if i < 0 {
			return "", errQuote
		}
		b = append(b, s[:i]...)
		if s[i] == '"' {
			if i != len(s)-1 {
				return "", errQuote
			}
			return string(b), nil
		}
		c, n := unescape(s[i+1:])
		if n == 0 {
			return "", errQuote
		}
		b, s = append(b, c), s[i+1+n:]
	}
}

// unescape reads what follows a backslash: the byte it means and the length read, 0 where it means
// nothing.
func unescape(s string) (byte, int) {
	if s == "" {
		return 0, 0
	}
	if s[0] == '"' || s[0] == '\\' {
		return s[0], 1
	}
	if i := strings.IndexByte(escapes, s[0]); i >= 0 {
		return '\a' + byte(i), 1
	}
	if len(s) < 3 || s[0] < '0' || s[0] > '3' || !octal(s[1]) || !octal(s[2]) {
		return 0, 0
	}
	return (s[0]-'0')<<6 | (s[1]-'0')<<3 | (s[2] - '0'), 3
}

func octal(c byte) bool { return '0' <= c && c <= '7' }
