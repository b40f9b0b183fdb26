package history

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

const maxShallow = 16 << 20

// open opens the folders, the settings and the objects, and reads the tip.
func (h *History) open() error {
	if err := h.openGit(); err != nil {
		return err
	}
	if err := h.commits.ReadConfig(); err != nil {
		return err
	}
	if err := h.checkReadable(); err != nil {
		return err
	}
	var err error
	// It holds caches only: a history is read without it, too.
	if h.commits.StateDir, err = h.commits.Git.Sub("timemachine"); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	h.commits.Refs = ref.New(h.commits.Git, nil)
	if err := h.commits.OpenObjects(); err != nil {
		return err
	}
	if err := h.commits.FindBranch(); err != nil {
		return err
	}
	if err := h.readShallow(); err != nil {
		return err
	}
	return h.checkMade(h.readTip())
}

// checkMade refuses a repository that timemachine did not make and that is no clone of a history:
// it has neither timemachine's settings, nor files of a run, nor a record. tipErr is the error of
// readTip.
func (h *History) checkMade(tipErr error) error {
	var state *refusal.Error
	empty := errors.As(tipErr, &state) && state.Kind == refusal.NoVersions
	if tipErr != nil && !empty || h.commits.Config.Get("timemachine", "branch") != "" {
		return tipErr
	}
	if h.commits.StateDir != nil {
		if used, err := h.commits.IsUsed(); used || err != nil {
			return errors.Join(tipErr, err)
		}
	}
	for _, err := range h.walk(context.Background(), h.tip, atOrBelow("/")) {
		return err
	}
	return h.commits.ForeignError()
}

// openGit opens the repository in the destination folder, or the folder itself where it is bare.
func (h *History) openGit() error {
	kind, err := h.commits.OpenFolders()
	switch {
	case err != nil:
		return err
	case kind == dest.NoRepository:
		return &refusal.Error{Kind: refusal.NoRepository, Dest: h.commits.Path, Msg: fmt.Sprintf("destination %s holds no history", record.Quote(h.commits.Path)),
			Remedy: refusal.Remedy{Kind: refusal.NameOrInitDestination}}
	case kind == dest.BareRepository:
		h.bare = true
		h.commits.Git, err = durable.OpenDir(h.commits.Path)
	}
	return err
}

// checkReadable refuses a repository that would be read wrongly.
func (h *History) checkReadable() error {
	why, err := h.commits.Unsupported()
	if err == nil && why != "" {
		err = &refusal.Error{Kind: refusal.Unsupported, Dest: h.commits.Path, Msg: fmt.Sprintf("the repository in %s uses what timemachine cannot read: %s", record.Quote(h.commits.Path), record.Quote(why)),
			Remedy: refusal.Remedy{Kind: refusal.ReadFullClone}}
	}
	return err
}

// readShallow reads which commits have no parents in a shallow clone.
func (h *History) readShallow() error {
	b, err := h.commits.Git.ReadFile("shallow", maxShallow)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	h.shallow = map[object.ID]bool{}
	for line := range strings.Lines(string(b)) {
		id, err := object.ParseID(strings.TrimSpace(line))
		if err != nil {
			return fmt.Errorf("%q: %w", h.commits.Git.Path("shallow"), err)
		}
		h.shallow[id] = true
	}
	return nil
}

// detachedTip returns the commit that HEAD names where HEAD names no branch.
func (h *History) detachedTip() (object.ID, error) {
	id, err := h.commits.Refs.Read("HEAD")
	if err != nil {
		return id, &refusal.Error{Kind: refusal.Damaged, Dest: h.commits.Path, Msg: fmt.Sprintf("HEAD of %s cannot be read", record.Quote(h.commits.Path)), Err: err}
	}
	return id, nil
}
