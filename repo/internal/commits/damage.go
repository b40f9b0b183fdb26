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
// is known to have been at, if one is found.
func (r *Commits) Damaged(msg string, cause error) error {
	e := &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: msg + " in " + record.Quote(r.Path), Err: cause,
		Remedy: r.Remedy(refusal.CheckHistory, "")}
	if lost := r.Store.Unindexed(); len(lost) > 0 {
		e.Remedy = r.Remedy(refusal.IndexPack, lost[0])
		return e
	}
	last, found := r.lastCommit(errors.Is(cause, errNoCommit))
	switch {
	case !found:
	case errors.Is(cause, errNoCommit):
		e.Remedy = r.branchFileRemedy()
	default:
		e.Remedy = r.Remedy(refusal.ResetBranch, "")
		e.Remedy.Branch = r.Branch
	}
	if found {
		e.Remedy.Commit, e.Remedy.Evidence = last.id, last.evidence
	}
	return e
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
