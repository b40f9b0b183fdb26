package repo

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// folds tells whether the destination's file system takes A and a for one name, as it was found at init.
func (r *destT) folds() bool { return r.config.IsTrue("core", "ignorecase") }

// hasLinks tells whether it has symbolic links. Where it has none a link's target stands in an ordinary file, as git does it.
func (r *destT) hasLinks() bool {
	return r.config.Get("core", "symlinks") == "" || r.config.IsTrue("core", "symlinks")
}

// hasModes tells whether the destination's file system keeps permissions, as it was found at init.
func (r *destT) hasModes() bool {
	return r.config.Get("core", "filemode") == "" || r.config.IsTrue("core", "filemode")
}

// Fold gives paths that have one place in the destination one key: where its file system does not fold names, the path.
func (r *destT) Fold(path string) string {
	if !r.folds() {
		return path
	}
	return fold(path)
}

// fold makes one of all names that are one on ext4 with casefold, APFS, NTFS or FAT.
func fold(path string) string {
	if ascii(path) {
		path = strings.ToLower(path)
	} else {
		path = norm.NFD.String(cases.Fold().String(norm.NFD.String(path)))
	}
	if !strings.Contains(path, "./") && !strings.Contains(path, " /") && !strings.HasSuffix(path, ".") && !strings.HasSuffix(path, " ") {
		return path
	}
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = strings.TrimRight(parts[i], ". ")
	}
	return strings.Join(parts, "/")
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
