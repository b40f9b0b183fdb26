// Package refusal says why a destination is left alone: errors that carry its state as data.
//
// A Remedy says what can be done about an error, a warning or a finding. It holds no words and no
// command: package main spells them.
package refusal

import "fmt"

// Kind is a state of a destination that keeps it from being used.
type Kind int

// The states in which a destination is left alone.
const (
	NoDestination Kind = iota + 1 // the folder is missing
	NoRepository                  // the folder holds no repository
	Foreign                       // a repository, or files, that timemachine did not make
	Unsupported                   // a repository with a setting that timemachine does not support
	Damaged                       // the history is damaged, or what leads to it
	Locked                        // another program holds a lock
	Rewritten                     // the branch no longer holds what the last run recorded
	NoVersions                    // timemachine's repository without a version
	Full                          // its disk or a quota is full
	Moved                         // another program moved the branch during a run
	NoBranch                      // the branch asked for is missing, or holds no history
)

// Error says why a destination is left alone, and what can be done about it.
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

// Process names a process in a sentence; 0 is one that is not known.
func Process(pid int) string {
	if pid == 0 {
		return "another process"
	}
	return fmt.Sprintf("process %d", pid)
}
