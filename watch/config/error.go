package config

import (
	"fmt"
	"strings"
)

// Error says what is wrong with a configuration, and where. It is the user's mistake and no failure
// of a run.
type Error struct {
	File   string
	Line   int    // from 1; 0: unknown
	Column int    // from 1, in characters; 0: unknown
	Msg    string // what is wrong
	Hint   string // what to do, or ""

	cause error
}

// Error returns "file:line:column: message", without the parts that are unknown.
func (e *Error) Error() string {
	var where strings.Builder
	if e.File != "" {
		where.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&where, ":%d", e.Line)
			if e.Column > 0 {
				fmt.Fprintf(&where, ":%d", e.Column)
			}
		}
		where.WriteString(": ")
	}
	return where.String() + e.Msg
}

// Unwrap returns the I/O error behind it, or nil.
func (e *Error) Unwrap() error { return e.cause }
