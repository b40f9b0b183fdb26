package record

import (
	"errors"
	"fmt"
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

// parseBelow reads the path of a file in a folder of the destination. The path must not lead out of
// the folder: another program may have written the record.
func parseBelow(folder, value string) (string, error) {
	path, err := Unquote(value)
	if err != nil {
		return "", err
	}
	if rest, ok := strings.CutPrefix(path, folder); !ok || !clean(rest) {
		return "", fmt.Errorf("want a path below %s", folder)
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
