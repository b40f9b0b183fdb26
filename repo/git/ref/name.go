package ref

import (
	"fmt"
	"strings"
)

// NameError says that git takes a value for no reference's name.
type NameError struct{ Name string }

func (e *NameError) Error() string { return fmt.Sprintf("%q is no name of a reference", e.Name) }

// CheckName is a *NameError where git-check-ref-format(1) refuses a full name: refs/heads/main. It
// also takes the names that git keeps beside refs/: HEAD, FETCH_HEAD and the like.
func CheckName(name string) error {
	if isRoot(name) || strings.HasPrefix(name, "refs/") && wellFormed(name) {
		return nil
	}
	return &NameError{Name: name}
}

// isRoot tells whether a name is one that git keeps beside refs/: capitals and underscores.
func isRoot(name string) bool {
	return name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

// wellFormed tells whether git-check-ref-format(1) accepts a name with slashes.
func wellFormed(name string) bool {
	if strings.ContainsAny(name, " ~^:?*[\\\x7f") || strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.HasSuffix(name, ".") {
		return false
	}
	for i := range len(name) {
		if name[i] < ' ' {
			return false
		}
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}

// cut splits a checked name into its folder, "" for none, and its last component.
func cut(name string) (folder, base string) {
	i := strings.LastIndexByte(name, '/')
	return name[:max(i, 0)], name[i+1:]
}
