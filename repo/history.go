package repo

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
)

// Version is a record together with the commit that carries it.
type Version struct {
	record.Record
	Commit   object.ID
	Captured time.Time // the committer date
}

// Walk calls visit for the commits from tip back to, but without, base, newest first, along first parents; a zero base
// means all. ours is false for a commit without a record, which somebody else made. A base that is not among tip's
// ancestors is a *StateError of kind Rewritten, reported after all were visited.
func (r *commitsT) Walk(ctx context.Context, tip, base object.ID, visit func(v Version, ours bool) error) error {
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
	Version
	record error // record.ErrNone for somebody else's commit
	commit error
}

func parseVersion(id object.ID, raw []byte) parsed {
	c, err := object.ParseCommit(raw)
	if err != nil {
		return parsed{commit: err}
	}
	rec, err := record.Parse(c.Message)
	return parsed{Version: Version{Record: rec, Commit: id, Captured: c.Committer.When}, record: err}
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
func (r *commitsT) version(id object.ID) (v Version, parent object.ID, err error) {
	raw, err := r.store.ReadRawCommit(id)
	if err == nil {
		parent, err = object.FirstParent(raw)
	}
	if err != nil {
		return Version{}, object.ID{}, r.unreadable(id, err)
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
	return &StateError{Kind: Rewritten, Dest: r.dest,
		Msg: fmt.Sprintf("branch %s of %s was rewritten: it no longer holds commit %s, the last one recorded", quote(r.shortBranch()), quote(r.dest), base.Short()),
		Hint: fmt.Sprintf("to go back: git -C %s update-ref %s %s; to go on with it as it is (at %s): timemachine init --adopt -d %s",
			word(r.dest), word(r.branch), base, tip.Short(), word(r.dest))}
}

func (r *commitsT) shortBranch() string { return strings.TrimPrefix(r.branch, "refs/heads/") }

// damaged names the last commit that the branch is known to have been at, and the command that goes back to it.
func (r *commitsT) damaged(msg string, cause error) error {
	e := &StateError{Kind: Damaged, Dest: r.dest, Msg: msg + " in " + quote(r.dest), Err: cause,
		Hint: fmt.Sprintf("nothing was changed; look at it with: git -C %s fsck --full", word(r.dest))}
	if lost := r.store.Unindexed(); len(lost) > 0 {
		e.Hint = "a pack has lost its idx; make it again with: " + r.indexPack(lost[0])
		return e
	}
	last, found := r.lastCommit(errors.Is(cause, errEmptyRef))
	switch {
	case !found:
	case errors.Is(cause, errEmptyRef):
		e.Hint = fmt.Sprintf("%s is %s; go back to it with: %s", last.what, last.id, r.writeRef(last.id))
	default:
		e.Hint = fmt.Sprintf("%s is %s; after a look at git -C %s fsck --full, go back to it with: git -C %s update-ref --no-deref %s %s",
			last.what, last.id, word(r.dest), word(r.dest), word(r.branch), last.id)
	}
	return e
}

// writeRef is the command that puts the branch at a commit where git itself would not find a repository.
func (r *commitsT) writeRef(id object.ID) string {
	command := fmt.Sprintf("echo %s > %s", id, word(r.git.Path(r.branch)))
	if there, err := exists(r.git, path.Dir(r.branch)); err == nil && !there {
		command = "mkdir -p " + word(r.git.Path(path.Dir(r.branch))) + " && " + command
	}
	var broken *ref.DamagedError
	if _, err := r.refs.Read(r.branch); errors.As(err, &broken) && broken.Packed {
		packed := r.git.Path("packed-refs")
		command = "mv " + word(packed) + " " + word(packed+".damaged") + " && " + command
	}
	return command
}

var errEmptyRef = errors.New("the branch names no commit")

// Files lists what the tree of commit tip holds under files/, by tree path.
func (r *commitsT) Files(tip object.ID) (map[string]object.TreeEntry, error) {
	all := map[string]object.TreeEntry{}
	if tip.IsZero() {
		return all, nil
	}
	root, err := r.treeOf(tip)
	if err != nil {
		return nil, err
	}
	top, err := r.store.ReadTree(root)
	if err != nil {
		return nil, r.damaged(fmt.Sprintf("the tree of commit %s cannot be read", tip.Short()), err)
	}
	files, ok, err := object.FindEntry(top, "files")
	if err != nil || !ok || !files.Mode.IsTree() {
		return all, err
	}
	return all, r.list(files.ID, "files/", all)
}

func (r *commitsT) list(tree object.ID, prefix string, all map[string]object.TreeEntry) error {
	raw, err := r.store.ReadTree(tree)
	if err != nil {
		return r.damaged(fmt.Sprintf("folder %s cannot be read", quote(prefix)), err)
	}
	entries, err := object.ParseTree(raw)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Mode.IsTree() {
			all[prefix+e.Name] = e
			continue
		}
		if err := r.list(e.ID, prefix+e.Name+"/", all); err != nil {
			return err
		}
	}
	return nil
}

func (r *commitsT) treeOf(commit object.ID) (object.ID, error) {
	c, err := r.store.ReadCommit(commit)
	if err != nil {
		return object.ID{}, r.unreadable(commit, err)
	}
	return c.Tree, nil
}

// TreeMode is the mode under which the tree holds a version.
func TreeMode(rec *record.Record) object.Mode {
	switch {
	case rec.Link:
		return object.ModeLink
	case rec.Mode&0o100 != 0:
		return object.ModeExec
	}
	return object.ModeFile
}

// copyNumber counts the earlier versions of source whose copy bears the stamp, along the Previous chain from previous;
// where that chain is broken (a rewritten history) all commits are looked through.
func (r *commitsT) copyNumber(ctx context.Context, source, stamp string, previous, tip object.ID) (int, error) {
	n := 0
	count := func(v *Version) {
		if v.Source == source && hasStamp(v.Copy, stamp) {
			n++
		}
	}
	for id := previous; !id.IsZero(); {
		v, _, err := r.version(id)
		if errors.Is(err, pack.ErrNotFound) || errors.Is(err, record.ErrNone) || err == nil && v.Source != source {
			n = 0
			err = r.Walk(ctx, tip, object.ID{}, func(v Version, ours bool) error {
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

// Agrees tells whether the tree's entry for a source (there: it has one) is what its newest version says.
func Agrees(v *Version, e object.TreeEntry, there bool) bool {
	if v.Event == record.Deleted {
		return !there
	}
	return there && e.ID == v.Blob && e.Mode == TreeMode(&v.Record)
}
