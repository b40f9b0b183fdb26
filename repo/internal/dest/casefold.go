package dest

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns one key for all paths that collide in the destination. It is the path itself where
// the file system does not fold names.
func (r *Dest) Fold(path string) string {
	if !r.FoldsCase() {
		return path
	}
	return FoldCase(path)
}

// FoldCase returns one key for all names that collide on ext4 with casefold, APFS, NTFS or FAT.
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
