package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

const maxShallow = 16 << 20

func (h *History) open() error {
	if err := h.openGit(); err != nil {
		return err
	}
	if err := h.r.readConfig(); err != nil {
		return err
	}
	if err := h.checkReadable(); err != nil {
		return err
	}
	var err error
	// What is in there speeds queries up and no more.
	if h.r.own, err = h.r.git.Sub("timemachine"); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	h.r.refs = ref.New(h.r.git, nil)
	if h.r.store, err = pack.OpenStore(h.r.git.Path("objects")); err != nil {
		return err
	}
	h.r.branch = h.r.refs.Head()
	if branch := h.r.config.Get("timemachine", "branch"); branch != "" {
		h.r.branch = "refs/heads/" + branch
	}
	if err := h.readShallow(); err != nil {
		return err
	}
	return h.readTip()
}

// openGit finds the repository in the destination folder, or takes the folder itself for it where it is bare.
func (h *History) openGit() error {
	kind, err := h.r.openFolders()
	switch {
	case err != nil:
		return err
	case kind == noRepository:
		return &refusal.Error{Kind: refusal.NoRepository, Dest: h.r.dest, Msg: fmt.Sprintf("destination %s holds no history", record.Quote(h.r.dest)),
			Hint: "name the destination with -d; timemachine init makes one"}
	case kind == bareRepository:
		h.bare = true
		h.r.git, err = durable.OpenDir(h.r.dest)
	}
	return err
}

// checkReadable refuses repositories that would be read wrongly, with the reason.
func (h *History) checkReadable() error {
	why, err := h.r.beyondUs()
	if err == nil && why != "" {
		err = &refusal.Error{Kind: refusal.Unsupported, Dest: h.r.dest, Msg: fmt.Sprintf("the repository in %s uses what timemachine cannot read: %s", record.Quote(h.r.dest), record.Quote(why)),
			Hint: "read a full clone of it: git clone --no-shared"}
	}
	return err
}

func (h *History) readShallow() error {
	b, err := h.r.git.ReadFile("shallow", maxShallow)
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
			return fmt.Errorf("%q: %w", h.r.git.Path("shallow"), err)
		}
		h.shallow[id] = true
	}
	return nil
}

// detached is the commit that HEAD names where it names no branch.
func (h *History) detached() (object.ID, error) {
	id, err := h.r.refs.Read("HEAD")
	if err != nil {
		return id, &refusal.Error{Kind: refusal.Damaged, Dest: h.r.dest, Msg: fmt.Sprintf("HEAD of %s cannot be read", record.Quote(h.r.dest)), Err: err}
	}
	return id, nil
}
