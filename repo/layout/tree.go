package layout

import (
	"errors"
	"fmt"
	"strings"
)

// MaxPath is the most bytes of a tree path or a copy's path: git and Linux can check out no more
// (PATH_MAX, 4096, includes the closing NUL).
const MaxPath = 4095

// maxName is the most bytes of one component on the usual file systems.
const maxName = 255

const (
	filesRoot  = "files"
	copiesRoot = "copies"
)

// TooLongError says that a source's place in the destination would pass MaxPath bytes.
type TooLongError struct {
	Source string // the source's path
	Len    int    // the bytes its place would have
}

// Error shows the beginning of the source only.
func (e *TooLongError) Error() string {
	const shown = 64
	return fmt.Sprintf("path %q…: %d bytes, at most %d", e.Source[:min(shown, len(e.Source))], e.Len, MaxPath)
}

// TreePath is where git tracks the source: "files" and the source's path, with components escaped
// or shortened where needed. The source must be an absolute, clean path other than "/", without
// NUL. The error is a *TooLongError where the result would pass MaxPath.
func TreePath(source string) (string, error) {
	return Usual.TreePath(source)
}

// Source is the inverse of TreePath in every spelling. It is false for a path that TreePath never
// gives, and for one with a shortened component: only the record tells its source.
func Source(treePath string) (source string, ok bool) {
	rest, ok := strings.CutPrefix(treePath, filesRoot+"/")
	if !ok {
		return "", false
	}
	source = treePath[len(filesRoot):]
	if strings.Contains(source, "/%") {
		if source, ok = unescapeAll(rest); !ok {
			return "", false
		}
	}
	if _, ok = SpelledAs(source, treePath); !ok {
		return "", false
	}
	return source, true
}

// place puts the source below root. escape tells which components must be escaped in every
// spelling.
func place(root, source string, spelling Spelling, escape func(name string) bool) (string, error) {
	rest, ok := strings.CutPrefix(source, "/")
	if !ok {
		return "", fmt.Errorf("source %q: not absolute", source)
	}
	var buf [512]byte // an ordinary path needs no other memory than its result
	b := append(buf[:0], root...)
	for more := true; more; {
		var name string
		name, rest, more = strings.Cut(rest, "/")
		if err := checkName(name); err != nil {
			return "", fmt.Errorf("source %q: %w", source, err)
		}
		if b = append(b, '/'); spelling.apart(!more) {
			b = appendApart(b, name)
		} else {
			b = appendName(b, name, escape(name))
		}
	}
	if len(b) > MaxPath {
		return "", &TooLongError{Source: source, Len: len(b)}
	}
	return string(b), nil
}

var errUnclean = errors.New("path is not clean")

func checkName(name string) error {
	if name == "" || name == "." || name == ".." {
		return errUnclean
	}
	if strings.IndexByte(name, 0) >= 0 {
		return errors.New("NUL in path")
	}
	return nil
}
