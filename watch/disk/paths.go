package disk

import (
	"cmp"
	"strings"
)

// ComparePaths orders absolute paths as a walk meets them: a folder, then all below it, then the
// next name. In this order, all that lies in a folder stands together.
func ComparePaths(a, b string) int {
	n := min(len(a), len(b))
	i := 0
	for i+8 <= n && word(a[i:i+8]) == word(b[i:i+8]) {
		i += 8
	}
	for i < n && a[i] == b[i] {
		i++
	}
	switch {
	case i == n:
		return cmp.Compare(len(a), len(b))
	case a[i] == '/':
		return -1
	case b[i] == '/':
		return 1
	}
	return cmp.Compare(a[i], b[i])
}

// word returns the first eight bytes of s as a number.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// Inside tells whether path is the folder or lies below it.
func Inside(path, folder string) bool {
	rest, ok := strings.CutPrefix(path, folder)
	return ok && (rest == "" || rest[0] == '/' || folder == "/")
}

// BaseName returns the last component of a path.
func BaseName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
