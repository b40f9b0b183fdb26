package history

import (
	"context"
	"fmt"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Branch is a branch that holds a history.
type Branch struct {
	Ref    string // its full name
	Name   string // the same without refs/heads/ or refs/remotes/
	Tip    object.ID
	Newest record.Version
	Err    error // why it cannot be read; else nil
}

// Branches lists the branches that hold a history, and those that cannot be read, of a destination
// or any clone of one, in the order of their full names. Remote-tracking branches are among them.
func Branches(ctx context.Context, path string, o Options) ([]Branch, error) {
	h := &History{commits: commits.New(dest.New(path, dest.Options{Log: o.Log}), o.Remembered), ownsCommits: true}
	defer h.Close()
	if err := h.commits.OpenReader(); err != nil {
		return nil, err
	}
	names, err := h.commits.Refs.Branches()
	if err != nil {
		return nil, err
	}
	var list []Branch
	passed := map[object.ID]bool{}
	for _, name := range names {
		b := Branch{Ref: name, Name: dest.ShortName(name)}
		holds := false
		if b.Err = h.commits.SelectBranch(name); b.Err == nil {
			b.Err = h.readTip()
		}
		if b.Err == nil {
			b.Tip = h.tip
			b.Newest, holds, b.Err = h.commits.Newest(ctx, h.tip, passed)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if holds || b.Err != nil {
			list = append(list, b)
		}
	}
	return list, nil
}

// otherBranchError is the error of a repository whose HEAD leads to no history, where the newest
// commit of another branch is a version; nil where there is no such branch.
func (h *History) otherBranchError() error {
	names, err := h.commits.Refs.Branches()
	if err != nil {
		return nil
	}
	for _, name := range names {
		id, err := h.commits.Refs.Read(name)
		if err != nil {
			continue
		}
		if _, holds, err := h.tryCommit(id, atOrBelow("/")); err == nil && holds {
			return h.branchError("branch %s, which HEAD names, holds no history in %s: other branches do")
		}
	}
	return nil
}

// branchError is a refusal of the branch that is read. The text has a verb for the branch and one
// for the destination.
func (h *History) branchError(text string) error {
	return &refusal.Error{Kind: refusal.NoBranch, Dest: h.commits.Path, Msg: fmt.Sprintf(text, record.Quote(h.Branch()), record.Quote(h.commits.Path)),
		Remedy: refusal.Remedy{Kind: refusal.ListBranches, Dest: h.commits.Path}}
}
