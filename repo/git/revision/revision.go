// Package revision finds the commit that a revision names, by git's rules (gitrevisions(7)) as far
// as they concern commits.
//
// A revision is a commit's name, whole or its first four digits or more; HEAD or @; a branch, tag
// or remote branch, by its full or short name; an entry of a reflog by its number (main@{1}, @{1});
// and any of these with ~N, ^, ^N, ^{commit} or ^{} after it.
package revision

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
)

// Error says that a revision names no commit of this repository.
type Error struct {
	Rev string
	Why string // "": the name is not known
}

func (e *Error) Error() string {
	if e.Why == "" {
		return fmt.Sprintf("%q names no commit", e.Rev)
	}
	return fmt.Sprintf("%q: %s", e.Rev, e.Why)
}

// Repository is what revisions are found in.
type Repository struct {
	Refs    *ref.Store
	Objects *pack.Store
	Branch  string                  // the full name of the branch that @{N} speaks of
	Ends    func(id object.ID) bool // whether a shallow clone left out the parents of a commit
}

// Commit returns the commit that a revision names. The error is an *Error where it names none.
func (r *Repository) Commit(rev string) (object.ID, error) {
	name, steps := rev, ""
	if i := strings.IndexAny(rev, "^~"); i >= 0 {
		name, steps = rev[:i], rev[i:]
	}
	id, err := r.named(rev, name)
	if err != nil {
		return id, err
	}
	if id, err = r.peel(rev, id); err != nil {
		return id, err
	}
	for steps != "" {
		if id, steps, err = r.step(rev, id, steps); err != nil {
			return id, err
		}
	}
	return id, nil
}

// named is the object that a name without steps stands for.
func (r *Repository) named(rev, name string) (object.ID, error) {
	if name == "@" {
		name = "HEAD"
	}
	if base, entry, ok := strings.Cut(name, "@{"); ok {
		return r.logged(rev, base, strings.TrimSuffix(entry, "}"))
	}
	if id, err := object.ParseID(name); err == nil {
		return id, nil
	}
	id, _, err := r.reference(name)
	if errors.Is(err, ref.ErrMissing) {
		return r.abbreviated(rev, name)
	}
	return id, err
}

// reference finds a name in the folders in which git looks for it, in git's order.
func (r *Repository) reference(name string) (object.ID, string, error) {
	if name == strings.ToUpper(name) || strings.HasPrefix(name, "refs/") {
		if id, full, err := r.Refs.Resolve(name); !errors.Is(err, ref.ErrMissing) {
			return id, full, err
		}
	}
	for _, form := range []string{"refs/%s", "refs/tags/%s", "refs/heads/%s", "refs/remotes/%s", "refs/remotes/%s/HEAD"} {
		if id, full, err := r.Refs.Resolve(fmt.Sprintf(form, name)); !errors.Is(err, ref.ErrMissing) {
			return id, full, err
		}
	}
	return object.ID{}, "", ref.ErrMissing
}

// abbreviated is the one commit or tag whose name begins with digits.
func (r *Repository) abbreviated(rev, digits string) (object.ID, error) {
	ids, err := r.Objects.Abbreviated(strings.ToLower(digits))
	if err != nil || len(ids) == 0 {
		return object.ID{}, &Error{Rev: rev}
	}
	var fit []object.ID
	for _, id := range ids {
		if _, kind, err := r.Objects.Size(id); err == nil && (kind == object.Commit || kind == object.Tag) {
			fit = append(fit, id)
		}
	}
	switch len(fit) {
	case 0:
		return object.ID{}, &Error{Rev: rev, Why: "names no commit"}
	case 1:
		return fit[0], nil
	}
	return object.ID{}, &Error{Rev: rev, Why: fmt.Sprintf("%d commits begin so, %s and %s among them", len(fit), fit[0], fit[1])}
}

// logged is an entry of a reflog. An empty base stands for Branch.
func (r *Repository) logged(rev, base, entry string) (object.ID, error) {
	n, err := strconv.Atoi(entry)
	if err != nil || n < 0 {
		return object.ID{}, &Error{Rev: rev, Why: "only numbers are known in @{}; a time is given by itself"}
	}
	full := r.Branch
	if base == "@" || base == "HEAD" {
		full = "HEAD"
	} else if base != "" {
		if _, full, err = r.reference(base); err != nil {
			return object.ID{}, &Error{Rev: rev}
		}
	}
	ids, err := r.Refs.Logged(full)
	if err != nil {
		return object.ID{}, err
	}
	if n >= len(ids) {
		return object.ID{}, &Error{Rev: rev, Why: fmt.Sprintf("the reflog has %d entries", len(ids))}
	}
	return ids[n], nil
}

// step goes from id by the first ~N, ^N or ^{…} of steps, and returns the other steps.
func (r *Repository) step(rev string, id object.ID, steps string) (object.ID, string, error) {
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
			return id, "", &Error{Rev: rev}
		}
	}
	times, parent := n, 1
	switch {
	case steps[0] == '^':
		times, parent = 1, n
	case steps[0] != '~':
		return id, "", &Error{Rev: rev}
	}
	for range times {
		c, err := r.Objects.ReadCommit(id)
		if err != nil {
			return id, "", fmt.Errorf("commit %s cannot be read: %w", id.Short(), err)
		}
		if len(c.Parents) < parent || r.Ends(id) {
			return id, "", &Error{Rev: rev, Why: fmt.Sprintf("commit %s has no parent %d", id.Short(), parent)}
		}
		id = c.Parents[parent-1]
	}
	return id, steps[end:], nil
}

const maxTags = 16

// peel follows annotated tags to their commit.
func (r *Repository) peel(rev string, id object.ID) (object.ID, error) {
	for range maxTags {
		kind, body, err := r.Objects.Read(id)
		switch {
		case err != nil:
			return id, &Error{Rev: rev, Why: "no such object"}
		case kind == object.Commit:
			return id, nil
		case kind != object.Tag:
			return id, &Error{Rev: rev, Why: "is a " + kind.String() + ", not a commit"}
		}
		line, _, _ := strings.Cut(string(body), "\n")
		if id, err = object.ParseID(strings.TrimPrefix(line, "object ")); err != nil {
			break
		}
	}
	return id, &Error{Rev: rev, Why: "its tag cannot be read"}
}
