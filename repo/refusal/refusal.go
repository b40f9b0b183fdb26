// Package refusal says why a destination is left alone: errors that carry its state as data.
package refusal

import "fmt"

// Kind is a state of a destination that keeps it from being used.
type Kind int

// The states in which a destination is left alone.
const (
	NoDestination Kind = iota + 1 // the folder is not there
	NoRepository                  // the folder holds no repository
	Foreign                       // a repository, or files, that timemachine did not make
	Unsupported                   // a repository with a setting that cannot be served rightly
	Damaged                       // the history, or what leads to it, is broken
	Locked                        // another program holds one of git's locks
	Rewritten                     // the branch no longer holds what the last run recorded
	NoVersions                    // a repository of ours in which nothing was recorded yet
	Full                          // its disk, or a quota, has no room at all
	Moved                         // another program moved the branch while a run was at work
)

// Error says why a destination is left alone, and what to do about it.
type Error struct {
	Kind   Kind
	Dest   string
	Msg    string // one sentence that names the thing
	Remedy Remedy
	Err    error // the cause, or nil
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Msg, e.Err)
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }
