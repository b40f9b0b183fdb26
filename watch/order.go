package watch

import "cmp"

// comparePaths orders absolute paths as a walk meets them: a folder's own path, then all below it, then what comes after
// it by name. Sorted so, what lies in a folder stands together.
func comparePaths(a, b string) int {
	n := min(len(a), len(b))
	i := 0
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
