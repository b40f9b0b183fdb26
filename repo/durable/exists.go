package durable

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"
)

// PathExists tells whether a path below dir exists.
func PathExists(dir *Dir, path string) (bool, error) {
	w := NewWalker(dir)
	defer w.Close()
	folder, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		folder, name = path[:i], path[i+1:]
		if err := CheckName(name); err != nil || folder == "" {
			return false, dir.fail("lstat", path, cmp.Or(err, error(&NameError{Name: path})))
		}
	}
	d, err := w.Dir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return d.Exists(name)
}
