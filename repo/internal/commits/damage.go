package commits

import (
	"errors"
	"path"

	"timemachine/repo/durable"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Damaged is the error of a damaged history. Its remedy names the last whole commit that the branch
// is known to have been at, if one is found. Where a run is active it names none: what could not be
// read may be on its way from one pack to another, and the branch may have moved since.
func (r *Commits) Damaged(msg string, cause error) error {
	e := &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: msg + " in " + record.Quote(r.Path), Err: cause,
		Remedy: refusal.Remedy{Kind: refusal.WaitForRun}}
	r.WhileAlone(func() { e.Remedy = r.damageRemedy(cause) })
	return e
}

// damageRemedy is the remedy for a damaged history. No run is active.
func (r *Commits) damageRemedy(cause error) refusal.Remedy {
	what := r.Remedy(refusal.CheckHistory, "")
	if r.Store.Reload() != nil {
		return what
	}
	if lost := r.Store.Unindexed(); len(lost) > 0 {
		return r.Remedy(refusal.IndexPack, lost[0])
	}
	if r.Other { // what runs have noted tells of the recorded branch
		return what
	}
	if errors.Is(cause, errNoCommit) && r.Refs.IsFolder(r.Branch) {
		// as after git branch -m main main/x
		return r.Remedy(refusal.AdoptRenamed, "")
	}
	last, found := r.lastCommit(errors.Is(cause, errNoCommit))
	switch {
	case !found:
	case errors.Is(cause, errNoCommit):
		what = r.branchFileRemedy()
	default:
		what = r.Remedy(refusal.ResetBranch, "")
		what.Branch = r.Branch
	}
	if found {
		what.Commit, what.Evidence = last.id, last.evidence
	}
	return what
}

// branchFileRemedy is the remedy for a branch whose file is damaged or missing. git may find no
// repository then, so the file is written without it.
func (r *Commits) branchFileRemedy() refusal.Remedy {
	what := r.Remedy(refusal.WriteBranchFile, r.Git.Path(r.Branch))
	if there, err := durable.PathExists(r.Git, path.Dir(r.Branch)); err == nil && !there {
		what.NoFolder = true
	}
	var broken *ref.DamagedError
	if _, err := r.Refs.Read(r.Branch); errors.As(err, &broken) && broken.Packed {
		what.Packed = r.Git.Path("packed-refs")
	}
	return what
}

// errNoCommit is the cause where the branch is damaged or missing.
var errNoCommit = errors.New("the branch names no commit")
