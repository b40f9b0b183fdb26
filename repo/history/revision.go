package history

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
	"timemachine/repo/when"
)

// RevisionError says that a revision names no commit of this repository.
type RevisionError struct {
	Rev string
	Why string // "" where it is simply not known
}

func (e *RevisionError) Error() string {
	if e.Why == "" {
		return fmt.Sprintf("%s is neither a time nor a version known here", record.Quote(e.Rev))
	}
	return fmt.Sprintf("%s: %s", record.Quote(e.Rev), e.Why)
}

// Point resolves what was meant: a revision becomes a commit. The error is a *RevisionError where
// it names none.
func (h *History) Point(w when.When) (Point, error) {
	switch w.Kind {
	case when.Moment:
		return Point{Time: w.Time}, nil
	case when.Back:
		return Point{Back: w.Back}, nil
	}
	id, err := h.Revision(w.Rev)
	return Point{Commit: id}, err
}

// Revision is the commit that a revision names, by git's rules (gitrevisions(7)) as far as they
// concern commits: a commit's name, whole or the first four digits or more; HEAD or @; a branch,
// tag or remote branch, by its full or short name; the entries of a reflog by number (main@{1},
// @{1}); and after each of them ~N, ^, ^N, ^{commit} and ^{}.
func (h *History) Revision(rev string) (object.ID, error) {
	name, steps := rev, ""
	if i := strings.IndexAny(rev, "^~"); i >= 0 {
		name, steps = rev[:i], rev[i:]
	}
	id, err := h.named(rev, name)
	if err != nil {
		return id, err
	}
	if id, err = h.peel(rev, id); err != nil {
		return id, err
	}
	for steps != "" {
		if id, steps, err = h.step(rev, id, steps); err != nil {
			return id, err
		}
	}
	return id, nil
}

// named is the object that a name without steps stands for.
func (h *History) named(rev, name string) (object.ID, error) {
	if name == "@" {
		name = "HEAD"
	}
	if base, entry, ok := strings.Cut(name, "@{"); ok {
		return h.logged(rev, base, strings.TrimSuffix(entry, "}"))
	}
	if id, err := object.ParseID(name); err == nil {
		return id, nil
	}
	id, _, err := h.reference(name)
	if errors.Is(err, ref.ErrMissing) {
		return h.abbreviated(rev, name)
	}
	return id, err
}

// reference looks for a name where git does.
func (h *History) reference(name string) (object.ID, string, error) {
	if name == strings.ToUpper(name) || strings.HasPrefix(name, "refs/") {
		if id, full, err := h.R.Refs.Resolve(name); !errors.Is(err, ref.ErrMissing) {
			return id, full, err
		}
	}
	for _, form := range []string{"refs/%s", "refs/tags/%s", "refs/heads/%s", "refs/remotes/%s", "refs/remotes/%s/HEAD"} {
		if id, full, err := h.R.Refs.Resolve(fmt.Sprintf(form, name)); !errors.Is(err, ref.ErrMissing) {
			return id, full, err
		}
	}
	return object.ID{}, "", ref.ErrMissing
}

// abbreviated finds the one commit or tag whose name begins so.
func (h *History) abbreviated(rev, digits string) (object.ID, error) {
	ids, err := h.R.Store.Abbreviated(strings.ToLower(digits))
	if err != nil || len(ids) == 0 {
		return object.ID{}, &RevisionError{Rev: rev}
	}
	var fit []object.ID
	for _, id := range ids {
		if _, kind, err := h.R.Store.Size(id); err == nil && (kind == object.Commit || kind == object.Tag) {
			fit = append(fit, id)
		}
	}
	switch len(fit) {
	case 0:
		return object.ID{}, &RevisionError{Rev: rev, Why: "names no commit"}
	case 1:
		return fit[0], nil
	}
	return object.ID{}, &RevisionError{Rev: rev, Why: fmt.Sprintf("%d commits begin so, %s and %s among them", len(fit), fit[0], fit[1])}
}

// logged is an entry of a reflog; the base "" is the branch that is read.
func (h *History) logged(rev, base, entry string) (object.ID, error) {
	n, err := strconv.Atoi(entry)
	if err != nil || n < 0 {
		return object.ID{}, &RevisionError{Rev: rev, Why: "only numbers are known in @{}; a time is given by itself"}
	}
	full := h.R.Branch
	if base == "@" || base == "HEAD" {
		full = "HEAD"
	} else if base != "" {
		if _, full, err = h.reference(base); err != nil {
			return object.ID{}, &RevisionError{Rev: rev}
		}
	}
	ids, err := h.R.Refs.Logged(full)
	if err != nil {
		return object.ID{}, err
	}
	if n >= len(ids) {
		return object.ID{}, &RevisionError{Rev: rev, Why: fmt.Sprintf("the reflog has %d entries", len(ids))}
	}
	return ids[n], nil
}

// step takes one ~N, ^N or ^{…} off the front of steps.
func (h *History) step(rev string, id object.ID, steps string) (object.ID, string, error) {
	for _, same := range []string{"^{commit}", "^{}", "^0"} {
		if rest, ok := strings.CutPrefix(steps, same); ok {
			return id, rest, nil
		}
	}
	end := 1
	for end < len(steps) && '0' <= steps[end] && steps[end] <= '9' {
		end++
	}
	n := 1
	if end > 1 {
		var err error
		if n, err = strconv.Atoi(steps[1:end]); err != nil {
			return id, "", &RevisionError{Rev: rev}
		}
	}
	times, parent := n, 1
	switch {
	case steps[0] == '^':
		times, parent = 1, n
	case steps[0] != '~':
		return id, "", &RevisionError{Rev: rev}
	}
	for range times {
		c, err := h.R.Store.ReadCommit(id)
		if err != nil {
			return id, "", h.R.Damaged(fmt.Sprintf("commit %s cannot be read", id.Short()), err)
		}
		if len(c.Parents) < parent || h.shallow[id] {
			return id, "", &RevisionError{Rev: rev, Why: fmt.Sprintf("commit %s has no parent %d", id.Short(), parent)}
		}
		id = c.Parents[parent-1]
	}
	return id, steps[end:], nil
}

const maxTags = 16

// peel follows annotated tags to their commit.
func (h *History) peel(rev string, id object.ID) (object.ID, error) {
	for range maxTags {
		kind, body, err := h.R.Store.Read(id)
		switch {
		case err != nil:
			return id, &RevisionError{Rev: rev, Why: "no such object"}
		case kind == object.Commit:
			return id, nil
		case kind != object.Tag:
			return id, &RevisionError{Rev: rev, Why: "is a " + kind.String() + ", not a commit"}
		}
		line, _, _ := strings.Cut(string(body), "\n")
		if id, err = object.ParseID(strings.TrimPrefix(line, "object ")); err != nil {
			break
		}
	}
	return id, &RevisionError{Rev: rev, Why: "its tag cannot be read"}
}
