// Package commits reads the commits and trees of a destination, or of any clone of one, and finds
// where a damaged history was last whole.
package commits

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/ownpacks"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Commits reads the commits and trees of a destination, or of any clone of one.
type Commits struct {
	*ownpacks.Packs
	remembered func(state *durable.Dir) object.ID
}

// New reads what the packs of a destination hold. remembered is the commit that the caller's cache
// is true of, zero for none; nil: none.
func New(d *dest.Dest, remembered func(state *durable.Dir) object.ID) *Commits {
	if remembered == nil {
		remembered = func(*durable.Dir) object.ID { return object.ID{} }
	}
	return &Commits{ownpacks.New(d), remembered}
}

// Walk calls visit for the commits from tip back to, but without, base, newest first, along first
// parents; a zero base means all. ours is false for a commit without a record, which somebody else
// made. A base that is not among tip's ancestors is a *StateError of kind Rewritten, reported after
// all were visited.
func (r *Commits) Walk(ctx context.Context, tip, base object.ID, visit func(v record.Version, ours bool) error) error {
	a := Walk[Parsed]{Commits: r, Make: ParseVersion, Stop: func(id object.ID) bool { return id == base },
		Visit: func(id object.ID, p Parsed) error {
			ours, err := r.isRecord(id, &p)
			if err != nil {
				return err
			}
			return visit(p.Version, ours)
		}}
	end, err := a.Run(ctx, tip)
	if err == nil && end != base {
		err = r.rewritten(tip, base)
	}
	return err
}

// Parsed is what a commit's body says, and what is wrong with it.
type Parsed struct {
	record.Version
	RecordErr error // record.ErrNone for somebody else's commit
	CommitErr error
}

func ParseVersion(id object.ID, raw []byte) Parsed {
	c, err := object.ParseCommit(raw)
	if err != nil {
		return Parsed{CommitErr: err}
	}
	v, err := record.OfCommit(id, c)
	return Parsed{Version: v, RecordErr: err}
}

// isRecord tells whether a commit has a record of ours.
func (r *Commits) isRecord(id object.ID, p *Parsed) (ours bool, err error) {
	if p.CommitErr != nil {
		return false, r.unreadable(id, p.CommitErr)
	}
	if p.RecordErr != nil && !errors.Is(p.RecordErr, record.ErrNone) {
		r.Opts.Log("commit's record is not understood and passed over", "commit", id.String(), "cause", p.RecordErr.Error())
	}
	return p.RecordErr == nil, nil
}

// Version reads one commit's record; record.ErrNone for somebody else's commit.
func (r *Commits) Version(id object.ID) (v record.Version, parent object.ID, err error) {
	raw, err := r.Store.ReadRawCommit(id)
	if err == nil {
		parent, err = object.FirstParent(raw)
	}
	if err != nil {
		return record.Version{}, object.ID{}, r.unreadable(id, err)
	}
	p := ParseVersion(id, raw)
	ours, err := r.isRecord(id, &p)
	if err == nil && !ours {
		err = record.ErrNone
	}
	return p.Version, parent, err
}

func (r *Commits) unreadable(id object.ID, err error) error {
	return r.Damaged(fmt.Sprintf("commit %s cannot be read", id.Short()), err)
}

func (r *Commits) rewritten(tip, base object.ID) error {
	return &refusal.Error{Kind: refusal.Rewritten, Dest: r.Path,
		Msg:    fmt.Sprintf("branch %s of %s was rewritten: it no longer holds commit %s, the last one recorded", record.Quote(r.ShortBranch()), record.Quote(r.Path), base.Short()),
		Remedy: refusal.Remedy{Kind: refusal.ResetOrAdopt, Dest: r.Path, Branch: r.Branch, Commit: base, Tip: tip}}
}

func (r *Commits) ShortBranch() string { return strings.TrimPrefix(r.Branch, "refs/heads/") }

func (r *Commits) TreeOf(commit object.ID) (object.ID, error) {
	c, err := r.Store.ReadCommit(commit)
	if err != nil {
		return object.ID{}, r.unreadable(commit, err)
	}
	return c.Tree, nil
}

// Since lists the versions after base, oldest first; all where base is no ancestor of tip, and
// reached is false then.
func (r *Commits) Since(ctx context.Context, tip, base object.ID) (versions []record.Version, reached bool, err error) {
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

// CopyNumber counts the earlier versions of source whose copy bears the stamp, along the Previous
// chain from previous; where that chain is broken (a rewritten history) all commits are looked
// through.
func (r *Commits) CopyNumber(ctx context.Context, source, stamp string, previous, tip object.ID) (int, error) {
	n := 0
	count := func(v *record.Version) {
		if v.Source == source && HasStamp(v.Copy, stamp) {
			n++
		}
	}
	for id := previous; !id.IsZero(); {
		v, _, err := r.Version(id)
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

// HasStamp tells whether a copy's file name begins with stamp.
func HasStamp(copyPath, stamp string) bool {
	name := copyPath[strings.LastIndexByte(copyPath, '/')+1:]
	rest, ok := strings.CutPrefix(name, stamp)
	return ok && rest != "" && (rest[0] == '-' || rest[0] == '~')
}
