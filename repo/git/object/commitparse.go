package object

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

var errCommit = errors.New("malformed commit")

// Dates outside these are drawn in to them: year 1 and year 9999, what time.Time can print.
const (
	minDate = -62135596800
	maxDate = 253402300799
)

// ParseCommit reads a commit's body, as tolerant as git. It skips headers that it does not know
// (gpgsig, mergetag …), and reads a malformed identity or date as far as it can. Only a missing or
// malformed tree or parent line is an error.
func ParseCommit(raw []byte) (*CommitData, error) {
	head, message, _ := strings.Cut(string(raw), "\n\n")
	c := &CommitData{Message: message}
	lines := strings.Split(head, "\n")
	value, ok := strings.CutPrefix(lines[0], "tree ")
	if !ok {
		return nil, fmt.Errorf("%w: no tree line", errCommit)
	}
	var err error
	if c.Tree, err = ParseID(value); err != nil {
		return nil, fmt.Errorf("%w: %w", errCommit, err)
	}
	for _, line := range lines[1:] {
		if err := c.header(line); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// FirstParent reads the first parent's name from a commit's body, and no more; it is zero for a
// root. As for git, the line stands right after the tree's. The error is that of ParseCommit.
func FirstParent(raw []byte) (ID, error) {
	const tree, parent, name = len("tree "), len("parent "), 2 * len(ID{})
	if len(raw) < tree+name+1 || string(raw[:tree]) != "tree " || raw[tree+name] != '\n' {
		return ID{}, fmt.Errorf("%w: no tree line", errCommit)
	}
	rest := raw[tree+name+1:]
	if len(rest) < parent+name || string(rest[:parent]) != "parent " {
		return ID{}, nil
	}
	id, err := ParseID(string(rest[parent : parent+name]))
	if err != nil {
		return ID{}, fmt.Errorf("%w: %w", errCommit, err)
	}
	return id, nil
}

// header reads one header line. Continuation lines begin with a space, and so match no key.
func (c *CommitData) header(line string) error {
	key, value, _ := strings.Cut(line, " ")
	switch key {
	case "parent":
		id, err := ParseID(value)
		if err != nil {
			return fmt.Errorf("%w: %w", errCommit, err)
		}
		c.Parents = append(c.Parents, id)
	case "author":
		c.Author = parseSignature(value)
	case "committer":
		c.Committer = parseSignature(value)
	case "encoding":
		c.Encoding = value
	}
	return nil
}

// parseSignature reads "Name <email> seconds zone". The last brackets count: names in old histories
// contain brackets, too.
func parseSignature(line string) Signature {
	who, date, found := cutLast(line, ">")
	if !found {
		return Signature{Name: strings.TrimSpace(line), When: time.Unix(0, 0).UTC()}
	}
	name, email, _ := cutLast(who, "<")
	return Signature{Name: strings.TrimSuffix(name, " "), Email: email, When: parseDate(date)}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// parseDate reads "seconds zone". What it cannot read is 1970 or UTC.
func parseDate(s string) time.Time {
	fields := strings.Fields(s)
	if len(fields) == 0 {
		return time.Unix(0, 0).UTC()
	}
	seconds, err := strconv.ParseInt(fields[0], 10, 64) // out of range: the nearest int64
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		seconds = 0
	}
	when := time.Unix(max(minDate, min(maxDate, seconds)), 0)
	if len(fields) < 2 {
		return when.UTC()
	}
	return when.In(parseZone(fields[1]))
}

// parseZone reads "+hhmm". It reads odd zones such as +051800 as git does, as a number of hours
// times 100. Beyond a hundred hours it takes them for UTC.
func parseZone(s string) *time.Location {
	n, err := strconv.Atoi(s)
	if err != nil || n == 0 || n <= -10000 || n >= 10000 {
		return time.UTC
	}
	return time.FixedZone("", (n/100*60+n%100)*60)
}
