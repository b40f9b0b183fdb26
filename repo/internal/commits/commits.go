package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// commitsT reads the commits and trees of a destination, or of any clone of one.
type commitsT struct {
	*packdirT
	remembered func(state *durable.Dir) object.ID
}

// newCommits reads what packs hold. remembered is the commit that the caller's cache is true of, zero for none; nil: none.
func newCommits(p *packdirT, remembered func(state *durable.Dir) object.ID) *commitsT {
	if remembered == nil {
		remembered = func(*durable.Dir) object.ID { return object.ID{} }
	}
	return &commitsT{p, remembered}
}

// Walk calls visit for the commits from tip back to, but without, base, newest first, along first parents; a zero base
// means all. ours is false for a commit without a record, which somebody else made. A base that is not among tip's
// ancestors is a *StateError of kind Rewritten, reported after all were visited.
func (r *commitsT) Walk(ctx context.Context, tip, base object.ID, visit func(v record.Version, ours bool) error) error {
	a := ancestry[parsed]{r: r, make: parseVersion, stop: func(id object.ID) bool { return id == base },
		visit: func(id object.ID, p parsed) error {
			ours, err := r.judge(id, &p)
			if err != nil {
				return err
			}
			return visit(p.Version, ours)
		}}
	end, err := a.run(ctx, tip)
	if err == nil && end != base {
		err = r.rewritten(tip, base)
	}
	return err
}

// parsed is what a commit's body says, and what is wrong with it.
type parsed struct {
	record.Version
	record error // record.ErrNone for somebody else's commit
	commit error
}

func parseVersion(id object.ID, raw []byte) parsed {
	c, err := object.ParseCommit(raw)
	if err != nil {
		return parsed{commit: err}
	}
	v, err := record.OfCommit(id, c)
	return parsed{Version: v, record: err}
}

// judge tells whether a commit has a record of ours.
func (r *commitsT) judge(id object.ID, p *parsed) (ours bool, err error) {
	if p.commit != nil {
		return false, r.unreadable(id, p.commit)
	}
	if p.record != nil && !errors.Is(p.record, record.ErrNone) {
		r.o.Log("commit's record is not understood and passed over", "commit", id.String(), "cause", p.record.Error())
	}
	return p.record == nil, nil
}

// version reads one commit's record; record.ErrNone for somebody else's commit.
func (r *commitsT) version(id object.ID) (v record.Version, parent object.ID, err error) {
	raw, err := r.store.ReadRawCommit(id)
	if err == nil {
		parent, err = object.FirstParent(raw)
	}
	if err != nil {
		return record.Version{}, object.ID{}, r.unreadable(id, err)
	}
	p := parseVersion(id, raw)
	ours, err := r.judge(id, &p)
	if err == nil && !ours {
		err = record.ErrNone
	}
	return p.Version, parent, err
}

func (r *commitsT) unreadable(id object.ID, err error) error {
	return r.damaged(fmt.Sprintf("commit %s cannot be read", id.Short()), err)
}

func (r *commitsT) rewritten(tip, base object.ID) error {
	return &refusal.Error{Kind: refusal.Rewritten, Dest: r.dest,
		Msg: fmt.Sprintf("branch %s of %s was rewritten: it no longer holds commit %s, the last one recorded", record.Quote(r.shortBranch()), record.Quote(r.dest), base.Short()),
		Hint: fmt.Sprintf("to go back: git -C %s update-ref %s %s; to go on with it as it is (at %s): timemachine init --adopt -d %s",
			record.ShellWord(r.dest), record.ShellWord(r.branch), base, tip.Short(), record.ShellWord(r.dest))}
}

func (r *commitsT) shortBranch() string { return strings.TrimPrefix(r.branch, "refs/heads/") }

func (r *commitsT) treeOf(commit object.ID) (object.ID, error) {
	c, err := r.store.ReadCommit(commit)
	if err != nil {
		return object.ID{}, r.unreadable(commit, err)
	}
	return c.Tree, nil
}

// since lists the versions after base, oldest first; all where base is no ancestor of tip, and reached is false then.
func (r *commitsT) since(ctx context.Context, tip, base object.ID) (versions []record.Version, reached bool, err error) {
	err = r.Walk(ctx, tip, base, func(v record.Version, ours bool) error {
		if ours {
			versions = append(versions, v)
		}
		return nil
	})
	var state *refusal.Error
	reached = err == nil
	if errors.As(err, &state) && state.Kind == refusal.Rewritten {
		err = nil
	}
	slices.Reverse(versions)
	return versions, reached, err
}

// copyNumber counts the earlier versions of source whose copy bears the stamp, along the Previous chain from previous;
// where that chain is broken (a rewritten history) all commits are looked through.
func (r *commitsT) copyNumber(ctx context.Context, source, stamp string, previous, tip object.ID) (int, error) {
	n := 0
	count := func(v *record.Version) {
		if v.Source == source && hasStamp(v.Copy, stamp) {
			n++
		}
	}
	for id := previous; !id.IsZero(); {
		v, _, err := r.version(id)
		if errors.Is(err, object.ErrNotFound) || errors.Is(err, record.ErrNone) || err == nil && v.Source != source {
			n = 0
			err = r.Walk(ctx, tip, object.ID{}, func(v record.Version, ours bool) error {
				if ours {
					count(&v)
				}
				return nil
			})
			return n, err
		}
		if err != nil {
			return 0, err
		}
		count(&v)
		id = v.Previous
	}
	return n, nil
}

// hasStamp tells whether a copy's file name begins with stamp.
func hasStamp(copyPath, stamp string) bool {
	name := copyPath[strings.LastIndexByte(copyPath, '/')+1:]
	rest, ok := strings.CutPrefix(name, stamp)
	return ok && rest != "" && (rest[0] == '-' || rest[0] == '~')
}
