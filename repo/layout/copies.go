package layout

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxExt is the most bytes, with the dot, of an extension that a shortened copy's name keeps.
const maxExt = 16

// CopyFolder is the folder for the source's copies: "copies" and the source's path. It holds only
// copies and folders. Errors are those of TreePath.
func (s Spelling) CopyFolder(source string) (string, error) {
	return place(copiesRoot, source, s, riskyCopy)
}

// riskyCopy tells whether a component must be escaped in a copies folder, where it could also equal
// a copy's name.
func riskyCopy(name string) bool { return risky(name) || beginsWithStamp(name) }

// CopyPath is the path of one version's copy, relative to the destination. n tells versions of one
// source and one stamp apart: 0 is the first and adds nothing to the name. Errors are those of
// TreePath, and one for a negative n.
func (s Spelling) CopyPath(source string, mtime time.Time, n int) (string, error) {
	if n < 0 {
		return "", fmt.Errorf("copy of %q: negative suffix %d", source, n)
	}
	folder, err := s.CopyFolder(source)
	if err != nil {
		return "", err
	}
	path := folder + "/" + copyName(source[strings.LastIndexByte(source, '/')+1:], mtime, n)
	if len(path) > MaxPath {
		return "", &TooLongError{Source: source, Len: len(path)}
	}
	return path, nil
}

// copyName is <stamp>[~n]-<base>, in at most maxName bytes.
func copyName(base string, mtime time.Time, n int) string {
	head := Stamp(mtime)
	if n > 0 {
		head += "~" + strconv.Itoa(n)
	}
	head += "-"
	var buf [maxName + 1]byte
	escaped := append(buf[:0], base...)
	if risky(base) {
		escaped = appendEscaped(buf[:0], base)
	}
	if len(head)+len(escaped) <= maxName {
		return head + string(escaped)
	}
	ext := extension(string(escaped))
	tail := "~" + hash(base) + ext
	return head + cut(string(escaped[:len(escaped)-len(ext)]), maxName-len(head)-len(tail)) + tail
}

// extension is the name from its last dot on. It is empty where that is the whole name or passes
// maxExt bytes.
func extension(name string) string {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 || len(name)-dot > maxExt {
		return ""
	}
	return name[dot:]
}

// cut is the longest prefix of s in at most limit bytes. It splits neither a rune nor an escape.
func cut(s string, limit int) string {
	end := 0
	for end < len(s) {
		_, n := utf8.DecodeRuneInString(s[end:])
		if n = max(n, escapeLen(s[end:])); end+n > limit {
			break
		}
		end += n
	}
	return s[:end]
}

// escapeLen is 3 where s begins with an escape, else 0.
func escapeLen(s string) int {
	if len(s) > 2 && s[0] == '%' && isHex(s[1]) && isHex(s[2]) {
		return 3
	}
	return 0
}

// MayBeCopy tells whether name could be a copy's name in a copies folder whose last component is
// folder. For shortened names it is true, because only the record could tell.
func MayBeCopy(folder, name string) bool {
	n := stampLen(name)
	if n == 0 {
		return false
	}
	rest := name[n:]
	if mark, ok := strings.CutPrefix(rest, "~"); ok {
		if rest = strings.TrimLeft(mark, "0123456789"); len(rest) == len(mark) {
			return false
		}
	}
	rest, ok := strings.CutPrefix(rest, "-")
	if !ok || rest == "" {
		return false
	}
	if len(name) > maxName-4 || strings.HasPrefix(folder, "%~") { // a cut may leave out a rune
		return true
	}
	base := folder
	if marked(folder) {
		raw, ok := unescapeAll(folder)
		if !ok {
			return false
		}
		if base = raw[1:]; risky(base) {
			base = string(appendEscaped(nil, base))
		}
	}
	return rest == base
}
