package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
)

// What a .keep of ours begins with; that of a merge, which moves no branch, is all of it.
const (
	keepHead  = "timemachine\n"
	mergeKeep = keepHead + "merge\n"
)

// Start makes the destination ready for a run and returns the branch's tip, zero before the first commit: what an
// earlier run left unfinished is finished or swept away, and the history must be whole as far as it is needed. The
// caller holds the lock. A history in a state that needs a person is a *StateError, and nothing is changed.
func (r *Repo) Start(ctx context.Context) (object.ID, error) {
	tip, err := r.ready()
	if err == nil {
		err = errors.Join(r.check(tip), r.checkIndex())
	}
	if err != nil {
		return object.ID{}, err
	}
	return tip, r.heal(ctx, tip, false)
}

// ready tidies up, finishes what can be finished without reading the history, and returns the tip.
func (r *Repo) ready() (object.ID, error) {
	if err := r.tidy(); err != nil {
		return object.ID{}, err
	}
	if flaw := r.refs.HeadFlaw(); flaw != "" {
		r.o.Warn(r.git.Path("HEAD"), flaw+": git finds no repository", "versions are recorded all the same; mend it with: "+r.writeHead())
	}
	tip, err := r.tip()
	if err != nil {
		return object.ID{}, err
	}
	return r.finishMoves(tip)
}

// writeHead is the command that makes HEAD name the branch again.
func (r *destT) writeHead() string {
	return "echo " + word("ref: "+r.branch) + " > " + word(r.git.Path("HEAD"))
}

// tidy empties the stage, and sees to it that others are kept out, git status stays clean and git changes no byte.
func (r *Repo) tidy() error {
	names, err := r.stage.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".lock") {
			continue // the lock's next owner must see that it is ours
		}
		if err := r.stage.RemoveAll(name); err != nil {
			return err
		}
	}
	if err := r.setAsideStrange(); err != nil {
		return err
	}
	if err := r.git.ClearStaleLock("index", r.stage); err != nil { // it would be in git's way
		return err
	}
	if err := r.root.Remove(durable.Temporary(readmeName)); err != nil { // of an init that was cut short
		return err
	}
	r.straighten()
	if err := r.closeToOthers(); err != nil {
		return err
	}
	return r.tendInfo()
}

// tip reads the branch. No branch means no commits yet only where nothing speaks of a history.
func (r *Repo) tip() (object.ID, error) {
	tip, err := r.refs.Read(r.branch)
	var broken *ref.DamagedError
	switch {
	case errors.As(err, &broken):
		return tip, r.damaged(fmt.Sprintf("branch %s is damaged (%s)", quote(r.shortBranch()), broken.Found), errEmptyRef)
	case errors.Is(err, ref.ErrMissing):
		return tip, r.unborn()
	}
	return tip, err
}

func (r *Repo) unborn() error {
	logged, err := r.refs.Logged(r.branch)
	if err != nil {
		return err
	}
	packs, err := r.packNames()
	if err != nil {
		return err
	}
	for name, suffixes := range packs {
		if suffixes[".pack"] && !suffixes[".keep"] {
			logged = append(logged, object.ID{})
			r.o.Log("a pack is there, but no branch", "pack", name)
		}
	}
	if len(logged) == 0 && len(r.noted()) == 0 {
		return nil
	}
	return r.damaged(fmt.Sprintf("branch %s is missing, but there is a history", quote(r.shortBranch())), errEmptyRef)
}

// packNames lists the packs by name without suffix, with the suffixes that are there.
func (r *packdirT) packNames() (map[string]map[string]bool, error) {
	dir, closeDir, err := r.packDir()
	if err != nil {
		return nil, err
	}
	defer closeDir()
	names, err := dir.Names()
	packs := map[string]map[string]bool{}
	for _, n := range names {
		i := strings.LastIndexByte(n, '.')
		if i < 0 || !strings.HasPrefix(n, "pack-") {
			continue
		}
		if packs[n[:i]] == nil {
			packs[n[:i]] = map[string]bool{}
		}
		packs[n[:i]][n[i:]] = true
	}
	return packs, err
}

func (r *packdirT) packDir() (*durable.Dir, func(), error) {
	w := durable.NewWalker(r.git)
	dir, err := w.Make("objects/pack")
	if err != nil {
		w.Close()
		return nil, nil, err
	}
	return dir, w.Close, nil
}

// finishMoves completes the publication of packs that a run was cut short in, and returns where the branch is then.
func (r *Repo) finishMoves(tip object.ID) (object.ID, error) {
	packs, err := r.packNames()
	if err != nil {
		return tip, err
	}
	dir, closeDir, err := r.packDir()
	if err != nil {
		return tip, err
	}
	defer closeDir()
	for name, suffixes := range packs {
		if !suffixes[".keep"] {
			continue
		}
		b, err := dir.ReadFile(name+".keep", maxConfig)
		if err != nil {
			return tip, err
		}
		old, id, ok := parseKeep(string(b))
		if string(b) == mergeKeep {
			old, id, ok = tip, tip, true
		}
		if !ok {
			continue // somebody else's
		}
		if tip, err = r.finishMove(dir, name, suffixes, tip, old, id); err != nil {
			return tip, err
		}
	}
	return tip, errors.Join(r.sweepIdx(dir, packs), r.dropUnreliableMultiPackIndex(dir))
}

// finishMove deals with one pack whose .keep outlived its run. Without its idx nobody can have read it, and it goes, unless
// the branch has moved: then the idx was lost since. With it, the branch moves as it was about to; where somebody moved it
// meanwhile the pack is left to git gc.
func (r *Repo) finishMove(dir *durable.Dir, name string, has map[string]bool, tip, old, id object.ID) (object.ID, error) {
	if half := !has[".idx"] || !has[".pack"]; half && tip != old {
		return tip, nil
	} else if half {
		r.o.Log("half a pack of a run that was cut short is removed", "pack", name)
		for _, suffix := range []string{".idx", ".pack", ".keep"} {
			if err := dir.Remove(name + suffix); err != nil {
				return tip, err
			}
		}
		return tip, nil
	}
	if tip == old && tip != id {
		if _, err := r.store.ReadCommit(id); err != nil {
			return tip, r.damaged("a pack of a run that was cut short cannot be read", err)
		}
		if err := r.move(old, id, "a run that was cut short, finished"); err != nil {
			return tip, err
		}
		r.o.Log("a run that was cut short is finished", "commit", id.String())
		tip = id
	}
	var err error
	if tip != id {
		err = r.disown(name)
	} else if old != id { // no merge
		err = r.claim(name)
	}
	if err != nil {
		return tip, err
	}
	return tip, dir.Remove(name + ".keep")
}

func keepText(old, id object.ID) []byte { return fmt.Appendf(nil, "%s%s\n%s\n", keepHead, old, id) }

func parseKeep(s string) (old, id object.ID, ok bool) {
	rest, ok := strings.CutPrefix(s, keepHead)
	f := strings.Fields(rest)
	if !ok || len(f) != 2 {
		return old, id, false
	}
	old, err := object.ParseID(f[0])
	if err != nil {
		return old, id, false
	}
	id, err = object.ParseID(f[1])
	return old, id, err == nil && !id.IsZero()
}

// move marks the work tree as behind and moves the branch.
func (r *Repo) move(old, id object.ID, message string) error {
	if err := r.markPending(old); err != nil {
		return err
	}
	who := r.committer()
	err := r.refs.Update(r.branch, old, id, ref.LogEntry{Name: who.Name, Email: who.Email, When: r.o.Clock().In(r.o.Zone), Message: message})
	var held *durable.LockedError
	var moved *ref.MovedError
	var unlogged *ref.LogError
	switch {
	case errors.As(err, &held):
		return &StateError{Kind: Locked, Dest: r.dest, Msg: fmt.Sprintf("branch %s is locked: %s", quote(r.shortBranch()), held.Error()),
			Hint: "nothing was recorded; if no git is at work there, remove the lock: rm " + word(held.Path)}
	case errors.As(err, &moved):
		return &StateError{Kind: Moved, Dest: r.dest, Msg: fmt.Sprintf("branch %s was moved by another program while the run was at work", quote(r.shortBranch())),
			Hint: "the next run takes it up"}
	case errors.As(err, &unlogged) && !noRoom(err):
		return r.unlogged(unlogged)
	}
	return err
}

// unlogged says what is in the way of a reflog, without which no branch is moved.
func (r *Repo) unlogged(e *ref.LogError) error {
	path := r.git.Path(e.Name)
	s := &StateError{Kind: Damaged, Dest: r.dest, Msg: "the reflog " + quote(path) + " cannot be written: " + cause(e.Err),
		Hint: "nothing was recorded; the next run does it when that file can be written"}
	if e.Blocked {
		s.Msg = quote(path) + " is in the way of the reflog"
		s.Hint = "nothing was recorded; the next run does it when that is moved away with: mv " + word(path) + " " + word(path+".aside")
	}
	return s
}

// pendingName is the mark of unfinished work.
const pendingName = "pending"

// markPending notes durably that files/ and the index may be behind from commit base on.
func (r *notesT) markPending(base object.ID) error {
	there, err := r.own.Exists(pendingName)
	if err != nil || there {
		return err
	}
	return r.own.Replace(pendingName, []byte(base.String()+"\n"))
}

// markAllPending notes durably that the work tree must be looked at whole.
func (r *notesT) markAllPending() error {
	return errors.Join(r.own.Replace(pendingName, []byte(object.ID{}.String()+"\n")), r.own.Remove(followedName))
}

// pending is the commit the work tree was last in step with; known is false where nothing is pending, and whole is true
// where the mark cannot be read, so that everything must be looked at.
func (r *notesT) pending() (base object.ID, known bool, err error) {
	b, err := r.own.ReadFile(pendingName, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return base, false, nil
	}
	if err != nil {
		return base, false, err
	}
	base, err = object.ParseID(strings.TrimSpace(string(b)))
	if err != nil {
		r.o.Log("the mark of unfinished work is damaged; everything is looked at", "file", r.own.Path(pendingName))
		base = object.ID{}
	}
	return base, true, nil
}
