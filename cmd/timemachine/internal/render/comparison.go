package render

import (
	"fmt"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/textdiff"
)

// MaxText is the size in bytes of the largest file that is compared line by line. Of a larger file
// only the sizes are shown.
const MaxText = 16 << 20

// Side is a file in one of the two states that are compared.
type Side struct {
	There  bool
	Odd    string // describes what is neither a file nor a link; "" for these
	Link   bool
	Mode   uint32
	Size   int64
	Mtime  time.Time
	Commit object.ID // zero: as it is on disk
}

// Comparison is the difference between the two states of a source.
type Comparison struct {
	Source   string
	From, To Side
	Content  bool // the content differs
	Binary   bool
	Large    bool
	Old, New []string // lines, where they were compared
	Edits    []textdiff.Edit
	Added    int // lines
	Removed  int
}

// summary describes a difference that is not shown line by line; "" for all others.
func (c *Comparison) summary() string {
	size := func(s *Side) string {
		switch {
		case !s.There:
			return "nothing"
		case s.Odd != "":
			return s.Odd
		}
		return sizeText(s.Size)
	}
	change := size(&c.From) + " to " + size(&c.To)
	switch {
	case c.From.Odd != "" || c.To.Odd != "":
		return change
	case c.Binary:
		return "binary, " + change
	case c.Large:
		return fmt.Sprintf("over %s, %s", sizeText(MaxText), change)
	}
	return ""
}

// label names the state of a side in the heading of a diff.
func (s *Side) label(zone *time.Location) string {
	state := "on disk"
	if !s.Commit.IsZero() {
		state = s.Commit.Short()
	}
	return s.Mtime.In(zone).Format("2006-01-02 15:04:05.000000000 -0700") + " " + state
}
