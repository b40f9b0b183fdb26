package dest

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

const maxShallow = 16 << 20

// OpenReader opens the folders, settings, refs and objects of a destination, or of any clone of
// one, for reading, and finds the branch.
func (r *Dest) OpenReader() error {
	if err := r.openGitToRead(); err != nil {
		return err
	}
	if err := r.ReadConfig(); err != nil {
		return err
	}
	if err := r.checkReadable(); err != nil {
		return err
	}
	var err error
	// It holds caches only: a history is read without it, too.
	if r.StateDir, err = r.Git.Sub("timemachine"); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	r.Refs = ref.New(r.Git, nil)
	if err := r.OpenObjects(); err != nil {
		return err
	}
	if err := r.FindBranch(); err != nil {
		return err
	}
	return r.readShallow()
}

// openGitToRead opens the repository in the destination folder, or the folder itself where it is
// bare.
func (r *Dest) openGitToRead() error {
	kind, err := r.OpenFolders()
	switch {
	case err != nil:
		return err
	case kind == NoRepository:
		return &refusal.Error{Kind: refusal.NoRepository, Dest: r.Path, Msg: fmt.Sprintf("destination %s holds no history", record.Quote(r.Path)),
			Remedy: refusal.Remedy{Kind: refusal.NameOrInitDestination}}
	case kind == BareRepository:
		r.Bare = true
		r.Git, err = durable.OpenDir(r.Path)
	}
	return err
}

// checkReadable refuses a repository that would be read wrongly.
func (r *Dest) checkReadable() error {
	why, err := r.Unsupported()
	if err == nil && why != "" {
		err = &refusal.Error{Kind: refusal.Unsupported, Dest: r.Path, Msg: fmt.Sprintf("the repository in %s uses what timemachine cannot read: %s", record.Quote(r.Path), record.Quote(why)),
			Remedy: refusal.Remedy{Kind: refusal.ReadFullClone}}
	}
	return err
}

// readShallow reads which commits have no parents in a shallow clone.
func (r *Dest) readShallow() error {
	b, err := r.Git.ReadFile("shallow", maxShallow)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	r.Shallow = map[object.ID]bool{}
	for line := range strings.Lines(string(b)) {
		id, err := object.ParseID(strings.TrimSpace(line))
		if err != nil {
			return fmt.Errorf("%q: %w", r.Git.Path("shallow"), err)
		}
		r.Shallow[id] = true
	}
	return nil
}

// The folders of refs/ that hold branches, and the branches of remotes as they were fetched.
const (
	localBranches  = "refs/heads/"
	remoteBranches = "refs/remotes/"
)

// SelectBranch makes another branch the one that is read. The name is the full one, or that below
// refs/heads/ or refs/remotes/; or that of a branch of the only remote that has one of this name.
func (r *Dest) SelectBranch(name string) error {
	recorded := r.Branch
	full, err := r.findNamed(name)
	var broken *ref.DamagedError
	switch {
	case errors.As(err, &broken):
		return &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: fmt.Sprintf("branch %s of %s is damaged (%s)", record.Quote(name), record.Quote(r.Path), broken.Found),
			Remedy: r.Remedy(refusal.CheckHistory, "")}
	case err != nil:
		return err
	}
	r.Branch, r.Other = full, full != recorded
	return nil
}

// findNamed finds the full name of the branch that a person names.
func (r *Dest) findNamed(name string) (string, error) {
	forms := []string{localBranches + name, remoteBranches + name, remoteBranches + name + "/HEAD"}
	if strings.HasPrefix(name, localBranches) || strings.HasPrefix(name, remoteBranches) {
		forms = []string{name}
	}
	if ref.CheckName(forms[0]) != nil {
		return "", &refusal.Error{Kind: refusal.NoBranch, Dest: r.Path, Msg: record.Quote(name) + " is no name of a branch"}
	}
	for _, form := range forms {
		_, full, err := r.Refs.Resolve(form)
		if err == nil && (strings.HasPrefix(full, localBranches) || strings.HasPrefix(full, remoteBranches)) {
			return full, nil
		}
		if err != nil && !errors.Is(err, ref.ErrMissing) {
			return "", err
		}
	}
	return r.findAtRemotes(name)
}

// findAtRemotes finds the one remote-tracking branch that has a name at its remote.
func (r *Dest) findAtRemotes(name string) (string, error) {
	all, err := r.Refs.Branches()
	if err != nil {
		return "", err
	}
	var fit []string
	for _, full := range all {
		below, remote := strings.CutPrefix(full, remoteBranches)
		if _, at, ok := strings.Cut(below, "/"); remote && ok && at == name {
			fit = append(fit, full)
		}
	}
	switch len(fit) {
	case 0:
		return "", &refusal.Error{Kind: refusal.NoBranch, Dest: r.Path, Msg: fmt.Sprintf("there is no branch %s in %s", record.Quote(name), record.Quote(r.Path)),
			Remedy: r.Remedy(refusal.ListBranches, "")}
	case 1:
		return fit[0], nil
	}
	return "", &refusal.Error{Kind: refusal.NoBranch, Dest: r.Path,
		Msg:    fmt.Sprintf("%d remotes have a branch %s: %s and %s", len(fit), record.Quote(name), record.Quote(ShortName(fit[0])), record.Quote(ShortName(fit[1]))),
		Remedy: r.Remedy(refusal.ListBranches, "")}
}

// ShortName is the full name of a branch without the folder that all branches of its kind are in.
func ShortName(full string) string {
	return strings.TrimPrefix(strings.TrimPrefix(full, localBranches), remoteBranches)
}

// ShortBranch is the name of the branch without refs/heads/ or refs/remotes/.
func (r *Dest) ShortBranch() string { return ShortName(r.Branch) }
