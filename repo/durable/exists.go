package durable

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
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

// IsEmptyFolder tells whether name is missing or a folder that holds nothing.
func IsEmptyFolder(root *Dir, name string) (bool, error) {
	d, err := root.Sub(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer d.Close()
	names, err := d.Names()
	return len(names) == 0, err
}
