package config

import (
	"fmt"
	"strings"
)

// Error says what is wrong with a configuration, and where. It is a mistake in what the user wrote
// or set up, not a failure of a run.
type Error struct {
	File   string
	Line   int    // from 1; 0: unknown
	Column int    // from 1, in characters; 0: unknown
	Msg    string // what is wrong, and where it is short what to write
	Hint   string // what to do about it, "" when Msg tells

	cause error
}

// Error returns "file:line:column: message", without the parts unknown.
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
