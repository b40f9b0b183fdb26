package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Start makes the destination ready for a run and returns the branch's tip, zero before the first
// commit. It finishes or removes what an interrupted run left, and recovers files/, copies/ and the
// index. A history that needs a person is a *refusal.Error, and nothing is changed.
func (r *Writer) Start(ctx context.Context) (object.ID, error) {
	tip, err := r.prepare()
	if err == nil {
		err = errors.Join(r.checkTip(tip), r.work.Index.Check())
	}
	if err != nil {
		return object.ID{}, err
	}
	return tip, r.work.Recover(ctx, tip, false)
}

// prepare removes leftovers, finishes interrupted publications, and returns the tip.
func (r *Writer) prepare() (object.ID, error) {
	r.published, r.wroteIndex = 0, durable.Stat{}
	if err := r.removeLeftovers(); err != nil {
		return object.ID{}, err
	}
	if flaw := r.work.Refs.HeadFlaw(); flaw != "" {
		r.work.Opts.Warn(r.work.Git.Path("HEAD"), flaw+": git finds no repository", r.work.HeadRemedy())
	}
	tip, err := r.work.Tip()
	if err != nil {
		return object.ID{}, err
	}
	return r.finishPublications(tip)
}

// removeLeftovers empties the stage. It also restores closed modes, the files of .git/info, and
// files/ and copies/ where something else has their name.
func (r *Writer) removeLeftovers() error {
	names, err := r.work.Stage.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".lock") {
			continue // the lock's next owner must see that it is ours
		}
		if err := r.work.Stage.RemoveAll(name); err != nil {
			return err
		}
	}
	if err := runstate.MoveForeignAside(r.work.StateDir, func(d runstate.Displaced) {
		r.work.Opts.Warn(r.work.StateDir.Path(d.Name), "is no regular file, and was moved to "+record.Quote(d.Aside), refusal.Remedy{Kind: d.Loss})
	}); err != nil {
		return err
	}
	for _, name := range []string{"index", "HEAD"} {
		if err := r.work.Git.ClearStaleLock(name, r.work.Stage); err != nil {
			// it would be in git's way
			return err
		}
	}
	if err := r.work.Folder.Remove(durable.Temporary(dest.ReadmeName)); err != nil {
		// of an init that was cut short
		return err
	}
	r.work.MoveNonFoldersAside()
	if err := r.work.RestrictModes(); err != nil {
		return err
	}
	return r.work.EnsureInfoFiles()
}

// finishPublications completes what interrupted runs were publishing, and returns the tip after it.
func (r *Writer) finishPublications(tip object.ID) (object.ID, error) {
	packs, err := r.work.PackNames()
	if err != nil {
		return tip, err
	}
	dir, closeDir, err := r.work.PackDir()
	if err != nil {
		return tip, err
	}
	defer closeDir()
	for name, suffixes := range packs {
		if !suffixes[".keep"] {
			continue
		}
		b, err := dir.ReadFile(name+".keep", config.MaxSize)
		if err != nil {
			return tip, err
		}
		if string(b) == runstate.PartKeep {
			if err := r.freePart(dir, name, suffixes); err != nil {
				return tip, err
			}
			continue
		}
		old, id, ok := runstate.ParseKeep(string(b))
		if string(b) == runstate.MergeKeep {
			old, id, ok = tip, tip, true
		}
		if !ok {
			continue // a foreign one
		}
		if tip, err = r.finishPublication(dir, name, suffixes, tip, old, id); err != nil {
			return tip, err
		}
	}
	return tip, errors.Join(r.work.RemoveOrphanIdx(dir, packs), r.work.RemoveStaleMultiPackIndex(dir))
}

// freePart lets go of a pack that a part of a run has published which did not come to its end.
func (r *Writer) freePart(dir *durable.Dir, name string, has map[string]bool) (err error) {
	if has[".pack"] && has[".idx"] {
		err = r.work.EnsureListed(name)
	}
	if err == nil {
		err = dir.Remove(name + ".keep")
	}
	return err
}

// finishPublication handles one pack whose .keep file outlived its run. A pack without an idx was
// never read: it is removed, unless the branch has moved, since then the idx was lost later. For a
// whole pack the branch moves as the run intended. If another program moved the branch meanwhile,
// the pack is left to git gc.
func (r *Writer) finishPublication(dir *durable.Dir, name string, has map[string]bool, tip, old, id object.ID) (object.ID, error) {
	if half := !has[".idx"] || !has[".pack"]; half && tip != old {
		return tip, nil
	} else if half {
		r.work.Opts.Log("half a pack of a run that was cut short is removed", "pack", name)
		for _, suffix := range []string{".idx", ".pack", ".keep"} {
			if err := dir.Remove(name + suffix); err != nil {
				return tip, err
			}
		}
		return tip, nil
	}
	if tip == old && tip != id {
		if _, err := r.work.Store.ReadCommit(id); err != nil {
			return tip, r.work.Damaged("a pack of a run that was cut short cannot be read", err)
		}
		if err := r.moveBranch(old, id, commits.FinishedMessage); err != nil {
			return tip, err
		}
		r.work.Opts.Log("a run that was cut short is finished", "commit", id.String())
		tip = id
	}
	var err error
	if tip != id {
		err = r.work.Unlist(name)
	} else if old != id { // no merge
		err = r.work.EnsureListed(name)
	}
	if err != nil {
		return tip, err
	}
	return tip, dir.Remove(name + ".keep")
}

// moveBranch marks files/ and the index as pending and moves the branch from old to id.
func (r *Writer) moveBranch(old, id object.ID, message string) error {
	if err := runstate.MarkPending(r.work.StateDir, old); err != nil {
		return err
	}
	who := r.committer()
	entry := ref.LogEntry{Name: who.Name, Email: who.Email, When: r.work.Opts.Clock().In(r.opts.Zone), Message: message, Join: commits.JoinMessages}
	err := r.work.Refs.Update(r.work.Branch, old, id, entry)
	var held *durable.LockedError
	var moved *ref.MovedError
	var unlogged *ref.LogError
	switch {
	case errors.As(err, &held):
		return &refusal.Error{Kind: refusal.Locked, Dest: r.work.Path, Msg: fmt.Sprintf("branch %s is locked: %s", record.Quote(r.work.ShortBranch()), held.Error()),
			Remedy: r.work.Remedy(refusal.RemoveBranchLock, held.Path)}
	case errors.As(err, &moved):
		return &refusal.Error{Kind: refusal.Moved, Dest: r.work.Path, Msg: fmt.Sprintf("branch %s was moved by another program while the run was at work", record.Quote(r.work.ShortBranch())),
			Remedy: r.work.Remedy(refusal.NextRunContinues, "")}
	case errors.As(err, &unlogged) && !durable.IsFull(err):
		return r.reflogError(unlogged)
	}
	return err
}

// reflogError says why the reflog cannot be written. No branch moves without a reflog entry.
func (r *Writer) reflogError(e *ref.LogError) error {
	path := r.work.Git.Path(e.Name)
	s := &refusal.Error{Kind: refusal.Damaged, Dest: r.work.Path, Msg: "the reflog " + record.Quote(path) + " cannot be written: " + durable.Reason(e.Err),
		Remedy: r.work.Remedy(refusal.NextRunWritesReflog, "")}
	if e.Blocked {
		s.Msg = record.Quote(path) + " is in the way of the reflog"
		s.Remedy = r.work.Remedy(refusal.MoveAsideOfReflog, path)
	}
	return s
}
