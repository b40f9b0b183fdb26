package record

import "timemachine/repo/git/object"

// Upcoming is a source about to be committed, and the content of its version before.
type Upcoming struct {
	Source string
	Blob   object.ID
}

// MaxUpcoming is how many of them are looked at.
const MaxUpcoming = 64
