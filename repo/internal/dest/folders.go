package dest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// repositoryKind is what git finds in a folder.
type repositoryKind int

const (
	NoRepository   repositoryKind = iota
	BareRepository                // the folder itself is the repository
	withWorkTree                  // .git in the folder is the repository
)

// OpenFolders opens the destination folder and .git in it, and tells what git finds there.
func (r *Dest) OpenFolders() (repositoryKind, error) {
	var err error
	switch r.Folder, err = durable.OpenDir(r.Path); {
	case errors.Is(err, fs.ErrNotExist):
		return NoRepository, &refusal.Error{Kind: refusal.NoDestination, Dest: r.Path, Msg: fmt.Sprintf("destination %s does not exist", record.Quote(r.Path)),
			Remedy: r.Remedy(refusal.MountOrInitDestination, "")}
	case err != nil:
		return NoRepository, err
	}
	switch st, err := r.Folder.Lstat(".git"); {
	case errors.Is(err, fs.ErrNotExist):
		return r.withoutGit()
	case err != nil:
		return NoRepository, err
	case !st.IsDir():
		return NoRepository, &refusal.Error{Kind: refusal.Unsupported, Dest: r.Path,
			Msg:    fmt.Sprintf("%s is not a folder: a link or a linked work tree is not served", record.Quote(r.Folder.Path(".git"))),
			Remedy: refusal.Remedy{Kind: refusal.NameMainFolder}}
	}
	r.Git, err = r.Folder.Sub(".git")
	return withWorkTree, err
}

// withoutGit tells a bare repository from any other folder without .git.
func (r *Dest) withoutGit() (repositoryKind, error) {
	head, herr := r.Folder.Exists("HEAD")
	objects, oerr := r.Folder.Exists("objects")
	if err := errors.Join(herr, oerr); err != nil || !head || !objects {
		return NoRepository, err
	}
	return BareRepository, nil
}

// ReadConfig reads .git/config. In timemachine's repository it ignores a last line that was cut.
func (r *Dest) ReadConfig() error {
	text, err := r.Git.ReadFile("config", config.MaxSize)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		r.Config, err = config.Parse(text)
		if whole := text[:bytes.LastIndexByte(text, '\n')+1]; len(whole) < len(text) && (err != nil || r.isBranchCut()) {
			if used, uerr := r.IsUsed(); uerr == nil && used {
				r.Config, err = config.Parse(whole)
			}
		}
	}
	if err == nil {
		if err := r.checkFormat(); err != nil {
			return err
		}
		return r.readWorktreeConfig()
	}
	e := &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: "git's configuration in " + record.Quote(r.Path) + " cannot be read", Err: err,
		Remedy: r.Remedy(refusal.InspectConfig, "")}
	if used, err := r.IsUsed(); err == nil && used {
		e.Remedy = r.Remedy(refusal.ReplaceConfig, r.Git.Path("config"))
	}
	return e
}

// checkFormat refuses a destination in a format that this timemachine does not know.
func (r *Dest) checkFormat() error {
	value := r.Config.Get("timemachine", "format")
	if n, err := strconv.Atoi(value); value == "" || err == nil && 1 <= n && n <= format {
		return nil
	}
	return &refusal.Error{Kind: refusal.Unsupported, Dest: r.Path,
		Msg:    fmt.Sprintf("destination %s has format %s, made by a newer timemachine: this one knows format %d", record.Quote(r.Path), record.Quote(value), format),
		Remedy: r.Remedy(refusal.UpdateProgram, "")}
}

// readWorktreeConfig adds .git/config.worktree, where git reads it: git sparse-checkout keeps its
// settings there.
func (r *Dest) readWorktreeConfig() error {
	if !r.Config.IsTrue("extensions", "worktreeConfig") {
		return nil
	}
	text, err := r.Git.ReadFile(worktreeConfig, config.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		r.Config, err = r.Config.With(text)
	}
	if err == nil {
		return nil
	}
	return &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: "git's configuration " + record.Quote(r.Git.Path(worktreeConfig)) + " cannot be read", Err: err,
		Remedy: r.Remedy(refusal.InspectConfig, "")}
}

const worktreeConfig = "config.worktree"

// IsSparse tells whether git keeps only some of the files in the work tree: git sparse-checkout.
func (r *Dest) IsSparse() bool { return r.Config.IsTrue("core", "sparseCheckout") }

// isBranchCut tells whether timemachine.branch is missing or was cut. A cut value names no branch
// and is the beginning of the branch that is checked out.
func (r *Dest) isBranchCut() bool {
	branch := r.Config.Get("timemachine", "branch")
	if branch == "" {
		return true
	}
	full := "refs/heads/" + branch
	refs := ref.New(r.Git, nil)
	if head := refs.Head(); head == full || !strings.HasPrefix(head, full) {
		return false
	}
	_, err := refs.Read(full)
	return errors.Is(err, ref.ErrMissing)
}

// Unsupported names a setting or a file of the repository that timemachine does not support; "" for
// none. files are further files to look for.
func (r *Dest) Unsupported(files ...string) (string, error) {
	if why := r.Config.Unsupported(); why != "" {
		return why, nil
	}
	for _, f := range append(files, "commondir", "objects/info/alternates", "objects/info/http-alternates") {
		there, err := durable.PathExists(r.Git, f)
		if err != nil {
			return "", err
		}
		if there {
			return "the file " + f, nil
		}
	}
	return "", nil
}
