// Package projection brings files/, copies/ and the index up to date with the history, recovers
// interrupted updates, and compares them with the history.
package projection

import (
	"sync/atomic"
	"timemachine/repo/durable"
	"timemachine/repo/internal/commits"
	"timemachine/repo/record"
)

// Projection brings files/, copies/ and the index up to date with the history.
type Projection struct {
	*commits.Commits
	copies   func(free, size int64) bool // whether copies are written, given the space left
	hasSpace func(free, size int64) bool // the same, without a word to the user

	IndexFlaw error       // why git could not read the index, as far as it was looked at
	noReflink atomic.Bool // the file system was found to have none
}

func New(c *commits.Commits) *Projection {
	r := &Projection{Commits: c}
	r.SetCopies(nil, nil)
	return r
}

// SetCopies sets what decides whether copies are written. nil: always; hasRoom nil: as copies.
func (r *Projection) SetCopies(copies, hasRoom func(free, size int64) bool) {
	if copies == nil {
		copies = func(int64, int64) bool { return true }
	}
	if hasRoom == nil {
		hasRoom = copies
	}
	r.copies, r.hasSpace = copies, hasRoom
}

// NotOursNow says why the work tree is not ours to change, "" where it is. What cannot be looked at
// may be under way.
func (r *Projection) NotOursNow() string {
	why, err := r.foreignWork()
	if err != nil {
		return "it cannot be seen what is under way there: " + durable.Reason(err)
	}
	return why
}

func (r *Projection) foreignWork() (why string, err error) {
	head, err := r.Refs.ReadHead()
	if err != nil {
		return "", err
	}
	if head != r.Branch {
		if flaw := r.Refs.HeadFlaw(); flaw != "" {
			return "HEAD " + flaw, nil
		}
		if head == "" {
			return "no branch is checked out", nil
		}
		return "branch " + record.Quote(head) + " is checked out", nil
	}
	for name, what := range map[string]string{"MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert",
		"rebase-merge": "a rebase", "rebase-apply": "a rebase", "BISECT_LOG": "a bisect", "sequencer": "a sequence of picks"} {
		there, err := r.Git.Exists(name)
		if err != nil {
			return "", err
		}
		if there {
			return what + " is under way", nil
		}
	}
	return "", nil
}

// KeepsCopies tells whether copies/ holds anything: who has deleted it does not want to be told of
// each.
func (r *Projection) KeepsCopies() (bool, error) {
	empty, err := durable.IsEmptyFolder(r.Folder, "copies")
	return !empty, err
}
