package repo

import (
	"sync/atomic"
	"timemachine/repo/durable"
	"timemachine/repo/record"
)

// projectionT brings files/, copies/ and the index up to date with the history.
type projectionT struct {
	*commitsT
	copies  func(free, size int64) bool // whether copies are written, given the space left
	hasRoom func(free, size int64) bool // the same, without a word to the user

	indexFlaw error       // why git could not read the index, as far as it was looked at
	noReflink atomic.Bool // the file system was found to have none
}

func newProjection(c *commitsT) *projectionT {
	r := &projectionT{commitsT: c}
	r.setCopies(nil, nil)
	return r
}

// setCopies sets what decides whether copies are written. nil: always; hasRoom nil: as copies.
func (r *projectionT) setCopies(copies, hasRoom func(free, size int64) bool) {
	if copies == nil {
		copies = func(int64, int64) bool { return true }
	}
	if hasRoom == nil {
		hasRoom = copies
	}
	r.copies, r.hasRoom = copies, hasRoom
}

// detached says why the work tree is not ours to change, "" where it is. What cannot be looked at may be under way.
func (r *projectionT) detached() string {
	why, err := r.underWay()
	if err != nil {
		return "it cannot be seen what is under way there: " + durable.Reason(err)
	}
	return why
}

func (r *projectionT) underWay() (why string, err error) {
	head, err := r.refs.ReadHead()
	if err != nil {
		return "", err
	}
	if head != r.branch {
		if flaw := r.refs.HeadFlaw(); flaw != "" {
			return "HEAD " + flaw, nil
		}
		if head == "" {
			return "no branch is checked out", nil
		}
		return "branch " + record.Quote(head) + " is checked out", nil
	}
	for name, what := range map[string]string{"MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert",
		"rebase-merge": "a rebase", "rebase-apply": "a rebase", "BISECT_LOG": "a bisect", "sequencer": "a sequence of picks"} {
		there, err := r.git.Exists(name)
		if err != nil {
			return "", err
		}
		if there {
			return what + " is under way", nil
		}
	}
	return "", nil
}

// keepsCopies tells whether copies/ holds anything: who has deleted it does not want to be told of each.
func (r *projectionT) keepsCopies() (bool, error) {
	empty, err := durable.IsEmptyFolder(r.root, "copies")
	return !empty, err
}
