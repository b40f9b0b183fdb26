package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// shortMark begins a shortened component.
const shortMark = "%~"

// hashLen is the number of hexadecimal digits of SHA-256 in a shortened name.
const hashLen = 16

// risky tells whether a component must be escaped wherever it stands.
func risky(name string) bool { return marked(name) || dangerous(name) }

// riskyInTree tells whether a component must be escaped in a tree path.
func riskyInTree(name string) bool { return risky(name) || readByGit(name) }

// marked tells whether the name looks like an escaped or a shortened one.
func marked(name string) bool {
	if len(name) < 2 || name[0] != '%' {
		return false
	}
	return name[1] == '~' || len(name) > 2 && isHex(name[1]) && isHex(name[2])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// appendName appends the component to b. It escapes it where escape is set, and shortens it where
// it passes maxName.
func appendName(b []byte, name string, escape bool) []byte {
	start := len(b)
	if escape {
		b = appendEscaped(b, name)
	} else {
		b = append(b, name...)
	}
	if len(b)-start > maxName {
		return appendShort(b[:start], name)
	}
	return b
}

// appendEscaped adds a component, which is not empty, in its escaped form.
func appendEscaped(b []byte, name string) []byte {
	return appendRest(appendHex(b, name[0]), name[1:])
}

// appendRest escapes what could end an escape or begin a new component on Windows.
func appendRest(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] == '%' || s[i] == '\\' {
			b = appendHex(b, s[i])
		} else {
			b = append(b, s[i])
		}
	}
	return b
}

func appendHex(b []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(b, '%', digits[c>>4], digits[c&15])
}

// appendShort adds a component's shortened form.
func appendShort(b []byte, name string) []byte {
	limit := len(b) + maxName
	b = append(b, shortMark...)
	b = append(b, hash(name)...)
	b = append(b, '~')
	for len(name) > 0 {
		_, n := utf8.DecodeRuneInString(name)
		longer := appendRest(b, name[:n])
		if len(longer) > limit {
			break
		}
		b, name = longer, name[n:]
	}
	return b
}

func hash(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:hashLen/2])
}

// unescapeAll is the source of the components after "files/". It is false where a component is
// shortened, or an escape is cut off. It accepts other malformed names: the caller escapes the
// result again and compares.
func unescapeAll(rest string) (string, bool) {
	b := make([]byte, 0, 1+len(rest))
	for more := true; more; {
		var name string
		name, rest, more = strings.Cut(rest, "/")
		b = append(b, '/')
		if !marked(name) {
			b = append(b, name...)
			continue
		}
		var ok bool
		if b, ok = appendUnescaped(b, name); !ok {
			return "", false
		}
	}
	return string(b), true
}

func appendUnescaped(b []byte, name string) ([]byte, bool) {
	for {
		head, tail, found := strings.Cut(name, "%")
		b = append(b, head...)
		if !found {
			return b, true
		}
		if len(tail) < 2 {
			return b, false
		}
		var c [1]byte
		if _, err := hex.Decode(c[:], []byte(tail[:2])); err != nil {
			return b, false
		}
		b, name = append(b, c[0]), tail[2:]
	}
}
