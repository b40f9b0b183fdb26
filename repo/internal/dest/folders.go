package repo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// repositoryKind is what a folder is to git.
type repositoryKind int

const (
	noRepository   repositoryKind = iota
	bareRepository                // the folder itself
	withWorkTree                  // the repository is in .git
)

// openFolders opens the destination folder and, where there is one, its .git.
func (r *destT) openFolders() (repositoryKind, error) {
	var err error
	switch r.root, err = durable.OpenDir(r.dest); {
	case errors.Is(err, fs.ErrNotExist):
		return noRepository, &refusal.Error{Kind: refusal.NoDestination, Dest: r.dest, Msg: fmt.Sprintf("destination %s does not exist", record.Quote(r.dest)),
			Hint: "name the destination with -d, mount it, or make it with: timemachine init -d " + record.ShellWord(r.dest)}
	case err != nil:
		return noRepository, err
	}
	switch st, err := r.root.Lstat(".git"); {
	case errors.Is(err, fs.ErrNotExist):
		return r.withoutGit()
	case err != nil:
		return noRepository, err
	case !st.IsDir():
		return noRepository, &refusal.Error{Kind: refusal.Unsupported, Dest: r.dest,
			Msg:  fmt.Sprintf("%s is not a folder: a link or a linked work tree is not served", record.Quote(r.root.Path(".git"))),
			Hint: "name the repository's main folder with -d"}
	}
	r.git, err = r.root.Sub(".git")
	return withWorkTree, err
}

// withoutGit tells an empty place from a bare repository.
func (r *destT) withoutGit() (repositoryKind, error) {
	head, herr := r.root.Exists("HEAD")
	objects, oerr := r.root.Exists("objects")
	if err := errors.Join(herr, oerr); err != nil || !head || !objects {
		return noRepository, err
	}
	return bareRepository, nil
}

func (r *destT) readConfig() error {
	text, err := r.git.ReadFile("config", config.MaxSize)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		r.config, err = config.Parse(text)
		if whole := text[:bytes.LastIndexByte(text, '\n')+1]; len(whole) < len(text) && (err != nil || r.branchCut()) {
			if ours, uerr := r.used(); uerr == nil && ours { // the last line was cut short
				r.config, err = config.Parse(whole)
			}
		}
	}
	if err == nil {
		return nil
	}
	e := &refusal.Error{Kind: refusal.Damaged, Dest: r.dest, Msg: "git's configuration in " + record.Quote(r.dest) + " cannot be read", Err: err,
		Hint: "nothing was changed; look at it with: git -C " + record.ShellWord(r.dest) + " config --local --list"}
	if ours, err := r.used(); err == nil && ours {
		file := r.git.Path("config")
		e.Hint = "nothing was changed; after a look at it, have another one written with: mv " + record.ShellWord(file) + " " + record.ShellWord(file+".damaged") + " && timemachine init --adopt -d " + record.ShellWord(r.dest)
	}
	return e
}

// branchCut tells whether timemachine.branch is missing, or names no branch but the beginning of the one that is checked out.
func (r *destT) branchCut() bool {
	branch := r.config.Get("timemachine", "branch")
	if branch == "" {
		return true
	}
	full := "refs/heads/" + branch
	refs := ref.New(r.git, nil)
	if head := refs.Head(); head == full || !strings.HasPrefix(head, full) {
		return false
	}
	_, err := refs.Read(full)
	return errors.Is(err, ref.ErrMissing)
}

// beyondUs is what a repository uses that we do not understand: a setting, or one of some files; "" for nothing.
func (r *destT) beyondUs(files ...string) (string, error) {
	if why := r.config.Unsupported(); why != "" {
		return why, nil
	}
	for _, f := range append(files, "commondir", "objects/info/alternates", "objects/info/http-alternates") {
		there, err := durable.PathExists(r.git, f)
		if err != nil {
			return "", err
		}
		if there {
			return "the file " + f, nil
		}
	}
	return "", nil
}
