package dest

import (
	"time"

	"timemachine/repo/refusal"
)

// Options is what a destination needs from its surroundings. No field is nil, but for Waiting.
type Options struct {
	Clock func() time.Time
	// a unique name of this start of the machine; "": unknown
	Boot string
	Log  func(msg string, args ...any) // important actions
	// what the user should know but no run fails for
	Warn func(path, msg string, what refusal.Remedy)
	// absolute paths below the destination that git status must not show
	Exclude []string
	// called when Lock begins to wait for a process, for patience at most; nil: nothing to call.
	// holder is 0 where the system does not tell it.
	Waiting func(holder int, patience time.Duration)
	// how long Lock waits; 0: ten minutes
	LockPatience time.Duration
}
