package dest

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// FoldsCase tells whether the destination's file system takes A and a for one name, as it was found
// at init.
func (r *Dest) FoldsCase() bool { return r.Config.IsTrue("core", "ignorecase") }

// HasSymlinks tells whether it has symbolic links. Where it has none a link's target stands in an
// ordinary file, as git does it.
func (r *Dest) HasSymlinks() bool {
	return r.Config.Get("core", "symlinks") == "" || r.Config.IsTrue("core", "symlinks")
}

// HasModes tells whether the destination's file system keeps permissions, as it was found at init.
func (r *Dest) HasModes() bool {
	return r.Config.Get("core", "filemode") == "" || r.Config.IsTrue("core", "filemode")
}

// Fold gives paths that have one place in the destination one key: where its file system does not
// fold names, the path.
func (r *Dest) Fold(path string) string {
	if !r.FoldsCase() {
		return path
	}
	return FoldCase(path)
}

// FoldCase makes one of all names that are one on ext4 with casefold, APFS, NTFS or FAT.
func FoldCase(path string) string {
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
