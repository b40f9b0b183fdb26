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
	Made       ownpacks.Contents // the commits of the transaction under way, as they are stored
	remembered func(state *durable.Dir) object.ID
}

// New reads the commits of a destination. remembered reads from the state folder which commit the
// caller's cache is true of, zero for none; nil: none.
func New(d *dest.Dest, remembered func(state *durable.Dir) object.ID) *Commits {
	if remembered == nil {
		remembered = func(*durable.Dir) object.ID { return object.ID{} }
	}
	return &Commits{Packs: ownpacks.New(d), remembered: remembered}
}

// Walk calls visit for the commits after base up to tip, newest first, along first parents. With a
// zero base it visits all. hasRecord is false for a commit that another program made. If base is
// none of tip's ancestors, Walk visits all and returns a *refusal.Error of kind Rewritten.
func (r *Commits) Walk(ctx context.Context, tip, base object.ID, visit func(v record.Version, hasRecord bool) error) error {
	a := Walk[Parsed]{Commits: r, Make: ParseVersion, Stop: func(id object.ID) bool { return id == base },
		Visit: func(id object.ID, p Parsed) error {
			hasRecord, err := r.hasRecord(id, &p)
			if err != nil {
				return err
			}
			return visit(p.Version, hasRecord)
		}}
	end, err := a.Run(ctx, tip)
	if err == nil && end != base {
		err = r.rewritten(tip, base)
	}
	return err
}

// Parsed is a parsed commit: its version, or what is wrong with it.
type Parsed struct {
	record.Version
	RecordErr error // record.ErrNone for a commit without a record
	CommitErr error // the commit cannot be parsed
}

// ParseVersion parses the commit id from its bytes.
func ParseVersion(id object.ID, raw []byte) Parsed {
	c, err := object.ParseCommit(raw)
	if err != nil {
		return Parsed{CommitErr: err}
	}
	v, err := record.OfCommit(id, c)
	return Parsed{Version: v, RecordErr: err}
}

// hasRecord tells whether a parsed commit has a record. A record that cannot be understood counts
// as none and is logged.
func (r *Commits) hasRecord(id object.ID, p *Parsed) (bool, error) {
	if p.CommitErr != nil {
		return false, r.unreadable(id, p.CommitErr)
	}
	if p.RecordErr != nil && !errors.Is(p.RecordErr, record.ErrNone) {
		r.Opts.Log("commit's record is not understood and passed over", "commit", id.String(), "cause", p.RecordErr.Error())
	}
	return p.RecordErr == nil, nil
}

// Version reads the version that a commit records, and the commit's first parent. The error is
// record.ErrNone for a commit without a record.
func (r *Commits) Version(id object.ID) (v record.Version, parent object.ID, err error) {
	raw, err := r.Store.ReadRawCommit(id)
	if err == nil {
		parent, err = object.FirstParent(raw)
	}
	if err != nil {
		return record.Version{}, object.ID{}, r.unreadable(id, err)
	}
	p := ParseVersion(id, raw)
	hasRecord, err := r.hasRecord(id, &p)
	if err == nil && !hasRecord {
		err = record.ErrNone
	}
	return p.Version, parent, err
}

// unreadable is the error of a commit that cannot be read.
func (r *Commits) unreadable(id object.ID, err error) error {
	return r.Damaged(fmt.Sprintf("commit %s cannot be read", id.Short()), err)
}

// rewritten is the error of a branch whose tip does not lead to base.
func (r *Commits) rewritten(tip, base object.ID) error {
	e := &refusal.Error{Kind: refusal.Rewritten, Dest: r.Path,
		Msg:    fmt.Sprintf("branch %s of %s was rewritten: it no longer holds commit %s, the last one recorded", record.Quote(r.ShortBranch()), record.Quote(r.Path), base.Short()),
		Remedy: refusal.Remedy{Kind: refusal.WaitForRun}}
	r.WhileAlone(func() {
		// A reader may have read the tip before a run moved the branch, and base after that.
		if now, err := r.Refs.Read(r.Branch); err == nil && now == tip {
			e.Remedy = refusal.Remedy{Kind: refusal.ResetOrAdopt, Dest: r.Path, Branch: r.Branch, Commit: base, Tip: tip}
		}
	})
	return e
}

// TreeOf is the ID of a commit's tree.
func (r *Commits) TreeOf(commit object.ID) (object.ID, error) {
	c, err := r.Store.ReadCommit(commit)
	if err != nil {
		return object.ID{}, r.unreadable(commit, err)
	}
	return c.Tree, nil
}

// Since lists the versions after base up to tip, oldest first. If base is none of tip's ancestors,
// it lists all, and reached is false.
func (r *Commits) Since(ctx context.Context, tip, base object.ID) (versions []record.Version, reached bool, err error) {
	err = r.Walk(ctx, tip, base, func(v record.Version, hasRecord bool) error {
		if hasRecord {
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

// CopyNumber counts the earlier versions of source whose copy has the stamp in its name, along the
// Previous chain from previous. Where the chain is broken, as in a rewritten history, it reads all
// commits from tip on.
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
			err = r.Walk(ctx, tip, object.ID{}, func(v record.Version, hasRecord bool) error {
				if hasRecord {
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
