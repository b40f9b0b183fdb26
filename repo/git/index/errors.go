package index

import (
	"errors"
	"fmt"
)

var (
	// ErrUnmerged is returned by Merge when a changed path, or one below or in the way of it, is in
	// conflict.
	ErrUnmerged = errors.New("unmerged index entry")
	// ErrSplit is returned for a split index (core.splitIndex): its entries are in another file.
	ErrSplit = errors.New("split index")
	// ErrSparse is returned for a sparse index (index.sparse): it has folders as entries.
	ErrSparse = errors.New("sparse index")
	// ErrExtension is returned, with the signature, for an extension that must be understood and is
	// not.
	ErrExtension = errors.New("unknown index extension")
	// ErrVersion is returned, with the number, for an index of a version other than 2, 3 and 4.
	ErrVersion = errors.New("unknown index version")
)

// DamagedError says that the bytes are no index as git writes it.
type DamagedError struct {
	// Offset is where the damage is, in bytes. In version 4 it counts names as if written in full.
	Offset int
	Reason string // what is wrong there
}

// Error names the place and the reason.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("index damaged at byte %d: %s", e.Offset, e.Reason)
}

// ChangeError says that an index cannot store a Change.
type ChangeError struct {
	Path   string // of the change
	Reason string // what is wrong with it
}

// Error names the path and the reason.
func (e *ChangeError) Error() string {
	return fmt.Sprintf("index change %q: %s", e.Path, e.Reason)
}

func damaged(offset int, reason string) error {
	return &DamagedError{Offset: offset, Reason: reason}
}
