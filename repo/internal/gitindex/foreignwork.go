package gitindex

import (
	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// ForeignWork says why the work tree is another program's to change, "" where it is timemachine's.
// What cannot be looked at may be under way.
func (r *Index) ForeignWork() string {
	why, err := r.FindForeignWork()
	if err != nil {
		return "it cannot be seen what is under way there: " + durable.Reason(err)
	}
	return why
}

// WorkRemedy says when a work tree with foreign work is brought up to date again.
func (r *Index) WorkRemedy() refusal.Remedy {
	if r.IsSparse() {
		return r.Remedy(refusal.UnsparseIndex, "")
	}
	return refusal.Remedy{Kind: refusal.WaitForGit}
}

// FindForeignWork is ForeignWork, and an error where it cannot be seen what is under way.
func (r *Index) FindForeignWork() (why string, err error) {
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
	if r.IsSparse() {
		return "git sparse-checkout keeps some files out of the work tree", nil
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
