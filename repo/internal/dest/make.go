package dest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

const (
	defaultBranch = "main"
	initPrefix    = ".timemachine-init-"
)

const readme = `This folder is the history of files that timemachine watches.

  .git/      an ordinary git repository: one commit per version of a file
  files/     the newest version of each file, under its full path
  copies/    one plain file per version, named by its modification time (UTC)

It is read with git alone:

  git log -- files/etc/hosts             the versions of /etc/hosts
  git log -p -- files/etc/hosts          the same with what changed
  git show COMMIT:files/etc/hosts        one version's content
  git log --diff-filter=D --name-only    what was deleted, and when
  git log -1                             the newest record: its trailers have
                                         owner, mode and time

copies/ can be deleted without loss. Do not edit in files/: the next version of
a file replaces it there.
`

// Make makes the folder path, closed to other users, and a new repository in it. The parent must
// exist. In an existing folder the repository belongs to the folder's owner. Make builds it under
// another name, syncs and renames it, so a killed Make leaves no half of one. exclude are further
// paths that git status must not show. fill puts a history into the repository that is being built;
// nil: it begins empty. An existing repository is a *refusal.Error.
func Make(path string, exclude []string, fill Fill) error {
	mkdirErr := os.Mkdir(path, durable.DirPerm)
	if mkdirErr != nil && !errors.Is(mkdirErr, fs.ErrExist) {
		return fmt.Errorf("destination %s: %w", record.Quote(path), mkdirErr)
	}
	root, err := durable.OpenDir(path)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := checkVacant(root, path); err != nil {
		return err
	}
	if err := createAsOwnerOf(root, root); err != nil {
		return err
	}
	if err := removeUnfinished(root); err != nil {
		return err
	}
	if err := buildRepository(root, path, exclude, fill); err != nil {
		if mkdirErr == nil {
			os.Remove(path) // unless something is in it
		}
		return err
	}
	if fill != nil {
		// What a killed one had started may have made its folder again before it ended.
		if err := removeUnfinished(root); err != nil {
			return err
		}
	}
	return errors.Join(root.Replace(ReadmeName, []byte(readme)), makeFolder(root, "files"), makeFolder(root, "copies"), syncName(path))
}

// Fill puts a history into a new repository, and returns its branch, without refs/heads/, and
// further settings for its configuration.
type Fill func(git *durable.Dir) (branch, settings string, err error)

// syncName puts the name of a new destination on disk. A folder above it that this user may not
// read cannot be synced, and is left to the system.
func syncName(path string) error {
	above, err := durable.OpenDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer above.Close()
	return above.Sync()
}

// removeUnfinished removes the folders that killed inits have left. An active init holds a flock on
// its folder.
func removeUnfinished(root *durable.Dir) error {
	names, err := root.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, initPrefix) {
			continue
		}
		left, err := root.Sub(name)
		if durable.IsMissing(err) {
			continue // no folder: foreign
		}
		if err != nil {
			return err
		}
		free, err := left.TryFlock()
		if free {
			err = root.RemoveAll(name)
		}
		if err = errors.Join(err, left.Close()); err != nil {
			return err
		}
	}
	return nil
}

// buildRepository makes .git under another name and renames it.
func buildRepository(root *durable.Dir, path string, exclude []string, fill Fill) error {
	name := fmt.Sprintf("%s%d", initPrefix, os.Getpid())
	git, err := root.MakeSub(name)
	if err != nil {
		return err
	}
	defer git.Close()
	if _, err := git.TryFlock(); err != nil {
		return err
	}
	err = writeRepository(git, path, exclude, fill)
	if err == nil {
		err = root.Rename(name, root, ".git")
	}
	if err != nil {
		return errors.Join(err, root.RemoveAll(name))
	}
	return root.Sync()
}

// writeRepository writes the folders and files of a new repository.
func writeRepository(git *durable.Dir, path string, exclude []string, fill Fill) error {
	settings, err := probe(git)
	if err != nil {
		return err
	}
	w := durable.NewWalker(git)
	defer w.Close()
	for _, dir := range []string{"branches", "hooks", "info", "logs/refs/heads", "objects/info", "objects/pack", "refs/heads", "refs/tags", "timemachine/stage"} {
		if _, err := w.Make(dir); err != nil {
			return err
		}
	}
	files := []struct{ dir, name, data string }{
		{"", "HEAD", "ref: refs/heads/" + defaultBranch + "\n"},
		{"", "config", settings + requiredSettings(defaultBranch)},
		{"info", "attributes", AttributesText},
		{"info", "exclude", excludeLines(path, exclude)},
	}
	for _, f := range files {
		d, err := w.Dir(f.dir)
		if err == nil {
			err = d.Replace(f.name, []byte(f.data))
		}
		if err != nil {
			return err
		}
	}
	if fill != nil {
		return fillRepository(git, settings, fill)
	}
	return syncFolders(w, "logs/refs/heads", "logs/refs", "logs", "info", "objects", "refs", "timemachine", "")
}

// fillRepository fills a new repository, writes its settings again, and puts all of it on disk.
func fillRepository(git *durable.Dir, settings string, fill Fill) error {
	branch, more, err := fill(git)
	if err != nil {
		return err
	}
	return errors.Join(git.Replace("config", []byte(settings+more+requiredSettings(branch))), git.Replace("HEAD", []byte("ref: refs/heads/"+branch+"\n")), git.SyncFS())
}

func syncFolders(w *durable.Walker, dirs ...string) error {
	for _, dir := range dirs {
		d, err := w.Dir(dir)
		if err == nil {
			err = d.Sync()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkVacant refuses a folder that holds a repository, or something at the paths of files/,
// copies/, xattrs/ or .gitattributes.
func checkVacant(root *durable.Dir, dest string) error {
	refuse := func(what string) error {
		return &refusal.Error{Kind: refusal.Foreign, Dest: dest, Msg: fmt.Sprintf("%s in %s was not made by timemachine", what, record.Quote(dest)),
			Remedy: refusal.Remedy{Kind: refusal.NameFreeDestination}}
	}
	if there, err := root.Exists(".git"); err != nil || there {
		if err == nil {
			err = refuse("the repository")
		}
		return err
	}
	for _, name := range []string{"files", "copies", XattrsFolder} {
		switch empty, err := IsEmptyFolder(root, name); {
		case err != nil:
			return err
		case !empty:
			return refuse("the folder " + name)
		}
	}
	b, err := root.ReadFile(".gitattributes", config.MaxSize)
	if err == nil && string(b) != AttributesText {
		return refuse("the file .gitattributes")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ReadmeName is the file in the destination folder that explains the other ones.
const ReadmeName = "README.txt"
