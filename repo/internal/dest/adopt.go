package dest

import (
	"errors"
	"fmt"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Adopt makes a destination of a clone of a history, or of a history whose branch was rewritten. It
// records the branch that HEAD names, and forgets what earlier runs have noted. The next run
// rebuilds that from the commits.
func (r *Dest) Adopt() error {
	if err := r.openGit(); err != nil {
		return err
	}
	if err := r.checkServed(); err != nil {
		return err
	}
	if err := r.openParts(); err != nil {
		return err
	}
	if ok, err := r.TryLock(); err != nil || !ok {
		return errors.Join(err, &refusal.Error{Kind: refusal.Locked, Dest: r.Path, Msg: fmt.Sprintf("another run is at work in %s", record.Quote(r.Path))})
	}
	branch, err := r.adoptableBranch()
	if err != nil {
		return err
	}
	r.MoveNonFoldersAside()
	if err := r.RestrictModes(); err != nil {
		return err
	}
	if err := r.writeSettings(branch); err != nil {
		return err
	}
	if err := r.SyncAll(); err != nil {
		// while the pending mark still covers what runs have left unsynced
		return err
	}
	// The packs leave timemachine's list. They may hold objects that a rewritten branch does not
	// lead to, and no new version may depend on those.
	if err := runstate.Forget(r.StateDir); err != nil {
		return err
	}
	return errors.Join(makeFolder(r.Folder, "files"), makeFolder(r.Folder, "copies"), r.Folder.Replace(ReadmeName, []byte(readme)))
}

// adoptableBranch is the branch to record: HEAD's. It must hold at least one record.
func (r *Dest) adoptableBranch() (string, error) {
	branch, ok := strings.CutPrefix(r.Refs.Head(), "refs/heads/")
	if !ok {
		return "", &refusal.Error{Kind: refusal.Foreign, Dest: r.Path, Msg: fmt.Sprintf("no branch is checked out in %s", record.Quote(r.Path)), Remedy: refusal.Remedy{Kind: refusal.CheckOutBranch}}
	}
	tip, err := r.Refs.Read("refs/heads/" + branch)
	if errors.Is(err, ref.ErrMissing) {
		remedy := refusal.Remedy{Kind: refusal.RunFirst}
		if others, err := r.Refs.Branches(); err == nil && len(others) > 0 {
			// HEAD of a clone names the branch that HEAD of its remote names, which may not exist.
			remedy.Kind = refusal.CheckOutBranch
		}
		return "", &refusal.Error{Kind: refusal.NoVersions, Dest: r.Path, Msg: fmt.Sprintf("branch %s of %s holds no versions yet: there is no history to take over", record.Quote(branch), record.Quote(r.Path)),
			Remedy: remedy}
	}
	if err != nil {
		return "", &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: fmt.Sprintf("branch %s of %s cannot be read", record.Quote(branch), record.Quote(r.Path)), Err: err}
	}
	if holds, err := HoldsRecord(r.Store, tip); err != nil || holds {
		return branch, err
	}
	return "", &refusal.Error{Kind: refusal.Foreign, Dest: r.Path, Msg: fmt.Sprintf("branch %s of %s holds no record of timemachine's", record.Quote(branch), record.Quote(r.Path)), Remedy: refusal.Remedy{Kind: refusal.ChooseDestination}}
}

// HoldsRecord tells whether one of the commits from tip back along first parents has a record.
func HoldsRecord(store *pack.Store, tip object.ID) (bool, error) {
	for id := tip; !id.IsZero(); {
		c, err := store.ReadCommit(id)
		if err != nil || record.HasRecord(c) {
			return err == nil, err
		}
		id = c.FirstParent()
	}
	return false, nil
}
