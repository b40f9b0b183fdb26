package history

import (
	"errors"
	"fmt"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/git/revision"
	"timemachine/repo/record"
	"timemachine/repo/when"
)

// Point is a state of the history. The zero value is the newest. At most one field is set.
type Point struct {
	Time   time.Time // the versions in force at this moment
	Back   int       // so many versions before the newest of the path in question
	Commit object.ID // the versions that were recorded up to this commit
}

// selects tells whether the point means e, a version with so many newer ones.
func (p *Point) selects(e *Entry, newer int) bool {
	if !p.Time.IsZero() {
		return !e.Since.After(p.Time)
	}
	return newer == p.Back
}

// RevisionError says that a revision names no commit of this repository.
type RevisionError struct{ cause revision.Error }

func (e *RevisionError) Error() string {
	if e.cause.Why == "" {
		return fmt.Sprintf("%s is neither a time nor a version known here", record.Quote(e.cause.Rev))
	}
	return fmt.Sprintf("%s: %s", record.Quote(e.cause.Rev), e.cause.Why)
}

// Point is the point that w means. The error is a *RevisionError where a revision names no commit.
func (h *History) Point(w when.When) (Point, error) {
	switch w.Kind {
	case when.Moment:
		return Point{Time: w.Time}, nil
	case when.Back:
		return Point{Back: w.Back}, nil
	}
	r := revision.Repository{Refs: h.commits.Refs, Objects: h.commits.Store, Branch: h.commits.Branch, Ends: func(id object.ID) bool { return h.shallow[id] }}
	id, err := r.Commit(w.Rev)
	var unknown *revision.Error
	if errors.As(err, &unknown) {
		err = &RevisionError{*unknown}
	}
	return Point{Commit: id}, err
}
