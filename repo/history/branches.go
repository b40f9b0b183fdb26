package history

import (
	"context"
	"fmt"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/versions"
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
	h := newHistory(commits.New(dest.New(path, dest.Options{Log: o.Log}), o.Remembered), o)
	h.ownsCommits = true
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
			b.Tip = h.read.Tip
			b.Newest, holds, b.Err = h.commits.Newest(ctx, h.read.Tip, passed)
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

// readOtherBranch is for a repository whose HEAD leads to no history. Where HEAD's branch does not
// exist, and one other alone holds a history, it reads that one.
func (h *History) readOtherBranch() error {
	names, err := h.commits.Refs.Branches()
	var last string // of those in holding, in full
	var holding []string
	for _, name := range names {
		id, err := h.commits.Refs.Read(name)
		if _, holds, rerr := h.read.TryCommit(id, versions.AtOrBelow("/")); err == nil && rerr == nil && holds {
			last, holding = name, append(holding, dest.ShortName(name))
		}
	}
	switch {
	case err != nil || len(holding) == 0:
		return h.commits.ForeignError()
	case len(holding) > 1 || !h.read.Tip.IsZero():
		return h.branchError("branch %s, which HEAD names, holds no history in %s: other branches do: %s", record.QuoteSome(holding))
	}
	if err := h.commits.SelectBranch(last); err != nil {
		return err
	}
	return h.readTip()
}

// branchError is a refusal of the branch that is read. The text has verbs for the branch, the
// destination, and what else there is.
func (h *History) branchError(text string, more ...any) error {
	text = fmt.Sprintf(text, append([]any{record.Quote(h.Branch()), record.Quote(h.commits.Path)}, more...)...)
	return &refusal.Error{Kind: refusal.NoBranch, Dest: h.commits.Path, Msg: text, Remedy: refusal.Remedy{Kind: refusal.ListBranches, Dest: h.commits.Path}}
}
