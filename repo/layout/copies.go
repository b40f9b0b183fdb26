package layout

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxExt is the most bytes, with the dot, of an extension that a shortened copy's name keeps.
const maxExt = 16

// CopyFolder is the folder that the source's copies share with those of the others in its folder:
// "copies" and the path of that. It holds only copies and folders. Errors are those of TreePath.
func (s Spelling) CopyFolder(source string) (string, error) {
	path, err := place(copiesRoot, source, s, riskyCopy)
	return path[:max(0, strings.LastIndexByte(path, '/'))], err
}

// CopyFolders are the folders that the source's copies can be in, each once.
func CopyFolders(source string) []string {
	var folders []string
	for s := range spellings {
		if path, err := s.CopyFolder(source); err == nil && !slices.Contains(folders, path) {
			folders = append(folders, path)
		}
	}
	return folders
}

// CopySource is the likely source of a copy, or the folder of sources, that a path below copies
// stands for. A copy's record tells whether it is that source's. ok is false where a component is
// shortened in a way that shows, or an escape is cut off: only the records tell the source.
func CopySource(path string) (source string, isCopy, ok bool) {
	folder, name := Split(path)
	if isCopy = MayBeCopy(name); isCopy {
		_, base, _ := strings.Cut(name[stampLen(name):], "-")
		path = folder + "/" + base
	}
	rest, ok := strings.CutPrefix(path, copiesRoot+"/")
	if !ok {
		return "", false, false
	}
	source, ok = unescapeAll(rest)
	return source, isCopy, ok
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
	path := folder + "/" + s.copyName(source[strings.LastIndexByte(source, '/')+1:], mtime, n)
	if len(path) > MaxPath {
		return "", &TooLongError{Source: source, Len: len(path)}
	}
	return path, nil
}

// IsCopyPath tells whether a path is that of a copy of the source with the mtime, for any number of
// versions before it with the same stamp.
func (s Spelling) IsCopyPath(path, source string, mtime time.Time) bool {
	rest, ok := strings.CutPrefix(path[strings.LastIndexByte(path, '/')+1:], Stamp(mtime))
	if !ok {
		return false
	}
	n := 0
	if mark, later := strings.CutPrefix(rest, "~"); later {
		digits, _, _ := strings.Cut(mark, "-")
		n, _ = strconv.Atoi(digits)
	}
	want, err := s.CopyPath(source, mtime, n)
	return err == nil && path == want
}

// copyName is <stamp>[~n]-<base>, in at most maxName bytes.
func (s Spelling) copyName(base string, mtime time.Time, n int) string {
	head := Stamp(mtime)
	if n > 0 {
		head += "~" + strconv.Itoa(n)
	}
	head += "-"
	var buf [maxName + 1]byte
	escaped := append(buf[:0], base...)
	switch {
	case s.apart(true):
		escaped = appendApart(buf[:0], base)
	case risky(base):
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

// MayBeCopy tells whether name could be a copy's name.
func MayBeCopy(name string) bool {
	rest := name[stampLen(name):]
	if len(rest) == len(name) {
		return false
	}
	if mark, ok := strings.CutPrefix(rest, "~"); ok {
		if rest = strings.TrimLeft(mark, "0123456789"); len(rest) == len(mark) {
			return false
		}
	}
	return len(rest) > 1 && rest[0] == '-'
}
