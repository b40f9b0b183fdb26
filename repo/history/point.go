package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/git/revision"
	"timemachine/repo/internal/versions"
	"timemachine/repo/record"
	"timemachine/repo/when"
)

// Point is a state of the history. The zero value is the newest. At most one field is set.
type Point struct {
	Time   time.Time // the versions in force at this moment
	Back   int       // so many versions before the newest of the path in question: see Resolve
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
	r := revision.Repository{Refs: h.commits.Refs, Objects: h.commits.Store, Branch: h.commits.Branch, Ends: func(id object.ID) bool { return h.commits.Shallow[id] }}
	id, err := r.Commit(w.Rev)
	var unknown *revision.Error
	if errors.As(err, &unknown) {
		err = &RevisionError{*unknown}
	}
	return Point{Commit: id}, err
}

// At returns the version of source that the point selects: the version in force at a moment, the
// newest up to a commit, or the one so many before the newest. Errors: *UnknownError,
// *BeforeError, *AbsentError.
func (h *History) At(ctx context.Context, source string, p Point) (Entry, error) {
	var f versions.Located
	var ok bool
	var err error
	if p.Commit.IsZero() {
		f, ok, err = h.read.Newest(ctx, source)
	} else {
		f, ok, err = h.read.NewestIn(ctx, source, p.Commit)
	}
	if err != nil {
		return Entry{}, err
	}
	if !ok {
		return Entry{}, h.errorUpTo(ctx, source, p)
	}
	return h.selectFrom(ctx, f, p)
}

// errorUpTo is the error for a source without a version at the point: it has none at all, or only
// later ones.
func (h *History) errorUpTo(ctx context.Context, source string, p Point) error {
	if p.Commit.IsZero() {
		return &UnknownError{Path: source}
	}
	f, ok, err := h.read.Newest(ctx, source)
	if err != nil {
		return err
	}
	if !ok {
		return &UnknownError{Path: source}
	}
	var first Entry
	for e, err := range h.entries(ctx, f) {
		if err != nil {
			return err
		}
		first = e
	}
	return &BeforeError{Path: source, First: first}
}

// selectFrom goes back from f, the newest version in question, to the one that the point selects.
func (h *History) selectFrom(ctx context.Context, f versions.Located, p Point) (Entry, error) {
	n := 0
	var first Entry
	for e, err := range h.entries(ctx, f) {
		if err != nil {
			return Entry{}, err
		}
		if n++; p.selects(&e, n-1) {
			if e.Ends() {
				return Entry{}, &AbsentError{Path: f.Source, Deleted: e}
			}
			return e, nil
		}
		first = e
	}
	if p.Time.IsZero() {
		return Entry{}, &BeforeError{Path: f.Source, First: first, Count: n}
	}
	return Entry{}, &BeforeError{Path: f.Source, First: first}
}
