package record

import (
	"errors"
	"strings"
)

// parsePath reads a source's path.
func parsePath(value string) (string, error) {
	path, err := Unquote(value)
	if err != nil {
		return "", err
	}
	if rest, ok := strings.CutPrefix(path, "/"); !ok || !clean(rest) {
		return "", errors.New("want an absolute, clean path")
	}
	return path, nil
}

// parseCopy reads a copy's path. It must not lead out of copies/: others may have written the record.
func parseCopy(value string) (string, error) {
	path, err := Unquote(value)
	if err != nil {
		return "", err
	}
	if rest, ok := strings.CutPrefix(path, "copies/"); !ok || !clean(rest) {
		return "", errors.New("want a path below copies/")
	}
	return path, nil
}

// clean tells whether a relative path has only ordinary components and no NUL.
func clean(path string) bool {
	if strings.IndexByte(path, 0) >= 0 {
		return false
	}
	for more := true; more; {
		var name string
		name, path, more = strings.Cut(path, "/")
		if name == "" || name == "." || name == ".." {
			return false
		}
	}
	return true
}
