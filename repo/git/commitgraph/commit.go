package commitgraph

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"timemachine/repo/git/object"
)

// MaxDate is the latest committer date that a layer can hold, in seconds since 1970: in the year
// 2514.
const MaxDate = 1<<34 - 1

// ErrUnfit is returned for a commit that no graph can hold: its date does not fit, or it is so
// malformed that versions of git may read it differently.
var ErrUnfit = errors.New("commit does not fit into a commit-graph")

// Commit is what a layer says of one commit.
type Commit struct {
	ID, Tree object.ID
	Parents  []object.ID
	Date     int64 // of the committer, in seconds since 1970: 0 to MaxDate
	Filter   Filter
}

// ParseCommit reads from a commit's body what a layer says of it, without the filter. The error is
// ErrUnfit.
func ParseCommit(id object.ID, raw []byte) (Commit, error) {
	c := Commit{ID: id}
	unfit := func(why string) (Commit, error) { return Commit{}, fmt.Errorf("%w: %s: %s", ErrUnfit, id, why) }
	rest, ok := cutName(raw, "tree ", &c.Tree)
	if !ok {
		return unfit("no tree line")
	}
	for ok {
		var parent object.ID
		if rest, ok = cutName(rest, "parent ", &parent); ok {
			c.Parents = append(c.Parents, parent)
		}
	}
	author, rest, _ := bytes.Cut(rest, []byte("\n"))
	committer, _, ended := bytes.Cut(rest, []byte("\n"))
	if !ended || !bytes.HasPrefix(author, []byte("author ")) || !bytes.HasPrefix(committer, []byte("committer ")) {
		return unfit("no author and committer lines")
	}
	if c.Date, ok = plainDate(committer); !ok {
		return unfit("date out of range or malformed")
	}
	return c, nil
}

// cutName takes "key name LF" off the front. Where that is missing, rest is b.
func cutName(b []byte, key string, id *object.ID) (rest []byte, ok bool) {
	line, rest, ended := bytes.Cut(b, []byte("\n"))
	hex, found := bytes.CutPrefix(line, []byte(key))
	if !ended || !found {
		return b, false
	}
	name, err := object.ParseID(string(hex))
	if err != nil {
		return b, false
	}
	*id = name
	return rest, true
}

// plainDate reads the date of an identity line that ends as git writes it: "> seconds +hhmm".
func plainDate(line []byte) (int64, bool) {
	fields := bytes.Split(line[bytes.LastIndexByte(line, '>')+1:], []byte(" "))
	if len(fields) != 3 || len(fields[0]) != 0 || len(fields[2]) != 5 {
		return 0, false
	}
	seconds, err := strconv.ParseUint(string(fields[1]), 10, 63)
	return int64(seconds), err == nil && seconds <= MaxDate
}
