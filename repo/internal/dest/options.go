package dest

import (
	"time"
	"timemachine/repo/refusal"
)

// Options is what a destination needs from its surroundings. No field is nil.
type Options struct {
	Clock   func() time.Time
	Boot    string                                      // names this start of the machine, as no other is named; "": unknown
	Log     func(msg string, args ...any)               // important actions
	Warn    func(path, msg string, what refusal.Remedy) // what the user should know but no run fails for
	Exclude []string                                    // absolute paths that git status must not show where they lie in the destination
}
