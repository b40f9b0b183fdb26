// Package gitindex locks git's index, unless the work tree is another program's to change, and
// brings it up to date with the history.
package gitindex

import "timemachine/repo/internal/commits"

// Index is git's index of a destination.
type Index struct {
	*commits.Commits
	Flaw      error // why git could not read the index, as of Check
	MaxBehind int   // how many changes are put off at most; 0: 32,768
}
