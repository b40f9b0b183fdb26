package main

import (
	"fmt"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/textdiff"
)

// maxText is the largest file, in bytes, that is compared line by line; larger ones are summed up.
const maxText = 16 << 20

// side is a file in one of the two states that are compared.
type side struct {
	there  bool
	odd    string // what stands there instead of a file or link, "" for these
	link   bool
	mode   uint32
	size   int64
	mtime  time.Time
	commit object.ID // zero: as it is on disk
}

// comparison is how a source's two states differ.
type comparison struct {
	source   string
	from, to side
	content  bool // the content differs
	binary   bool
	large    bool
	old, new []string // lines, where they were compared
	edits    []textdiff.Edit
	added    int // lines
	removed  int
}

// summary says how content differs that is not shown line by line; "" where it is.
func (c *comparison) summary() string {
	size := func(s *side) string {
		switch {
		case !s.there:
			return "nothing"
		case s.odd != "":
			return s.odd
		}
		return sizeText(s.size)
	}
	change := size(&c.from) + " to " + size(&c.to)
	switch {
	case c.from.odd != "" || c.to.odd != "":
		return change
	case c.binary:
		return "binary, " + change
	case c.large:
		return fmt.Sprintf("over %s, %s", sizeText(maxText), change)
	}
	return ""
}

// label says which state a side is, for a diff's heading.
func (s *side) label(zone *time.Location) string {
	state := "on disk"
	if !s.commit.IsZero() {
		state = s.commit.Short()
	}
	return s.mtime.In(zone).Format("2006-01-02 15:04:05.000000000 -0700") + " " + state
}
