// Package pruning decides which versions keep their plain copies, and removes those of the others.
package pruning

import (
	"strconv"
	"time"
)

// Policy says which versions keep their copies. The zero value keeps all. But for None, the newest
// version of a source that is there keeps its copy.
type Policy struct {
	None  bool
	For   time.Duration // of versions that were in force within this time; 0: no limit
	Count int           // of so many newest versions of each source; 0: no limit
}

// KeepsAll tells whether no copy is ever removed.
func (p Policy) KeepsAll() bool { return p == Policy{} }

// String is a text that differs for each policy.
func (p Policy) String() string {
	switch {
	case p.None:
		return "none"
	case p.Count > 0:
		return strconv.Itoa(p.Count)
	case p.For > 0:
		return p.For.String()
	}
	return "all"
}

// ParsePolicy reads what String writes; any other text keeps all.
func ParsePolicy(text string) (p Policy) {
	if p.None = text == "none"; p.None {
		return p
	}
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		p.Count = n
	} else if d, err := time.ParseDuration(text); err == nil && d > 0 {
		p.For = d
	}
	return p
}

// IsDue tells whether a run looks for copies to remove again: a day after the last time, or a tenth
// of For. A clock that went back makes it due.
func (p Policy) IsDue(last, now time.Time) bool {
	interval := 24 * time.Hour
	if p.For > 0 {
		interval = min(interval, p.For/10)
	}
	return now.Before(last) || now.Sub(last) >= interval
}

// keeps tells whether a version keeps its copy. ended is when the next version of its source was
// captured, zero where there is none, and newer counts the later ones with copies.
func (p Policy) keeps(ended time.Time, newer int, now time.Time) bool {
	switch {
	case p.None:
		return false
	case ended.IsZero():
		return true
	case p.Count > 0:
		return newer < p.Count
	case p.For > 0:
		return now.Sub(ended) < p.For
	}
	return true
}
