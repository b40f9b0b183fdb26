package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/record"
)

const (
	defaultBranch = "main"
	attributes    = "* -text -ident -filter -working-tree-encoding !eol !diff !merge\n"
	probeName     = "Probe" // whether names fold, with another spelling
	probeLink     = "link"
	initPrefix    = ".timemachine-init-"
	readmeName    = "README.txt"
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
  git log -1                             the newest record: owner, mode and time are in its trailers

copies/ can be deleted without loss. Do not edit in files/: the next version of a file replaces it there.
`

func quote(s string) string { return record.Quote(s) }

// Init makes the folder dest, closed to others, where its parent exists, and a new repository in it, which belongs to the
// owner of a folder that is there already. The repository is
// built aside, put on disk and renamed into place, so that an Init which is cut short leaves no half of one. A
// repository that is there already is a *StateError.
func Init(dest string, o Options) error {
	if err := os.Mkdir(dest, durable.DirPerm); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("destination %s: %w", quote(dest), err)
	}
	root, err := durable.OpenDir(dest)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := vacant(root, dest); err != nil {
		return err
	}
	if err := giveToOwner(root, root); err != nil {
		return err
	}
	if err := sweepInit(root); err != nil {
		return err
	}
	if err := buildAside(root, dest, o); err != nil {
		return err
	}
	return errors.Join(root.Replace(readmeName, []byte(readme)), makeClosed(root, "files"), makeClosed(root, "copies"))
}

func makeClosed(root *durable.Dir, name string) error {
	d, err := root.MakeSub(name)
	if err != nil {
		return err
	}
	return d.Close()
}

// vacant refuses a folder in which a new history would mix with something else.
func vacant(root *durable.Dir, dest string) error {
	refuse := func(what string) error {
		return &StateError{Kind: Foreign, Dest: dest, Msg: fmt.Sprintf("%s in %s was not made by timemachine", what, quote(dest)),
			Hint: "choose another destination with -d"}
	}
	if there, err := root.Exists(".git"); err != nil || there {
		if err == nil {
			err = refuse("the repository")
		}
		return err
	}
	for _, name := range []string{"files", "copies"} {
		switch empty, err := emptyFolder(root, name); {
		case err != nil:
			return err
		case !empty:
			return refuse("the folder " + name)
		}
	}
	b, err := root.ReadFile(".gitattributes", maxConfig)
	if err == nil && string(b) != attributes {
		return refuse("the file .gitattributes")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// emptyFolder tells whether name is missing or a folder that holds nothing.
func emptyFolder(root *durable.Dir, name string) (bool, error) {
	d, err := root.Sub(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer d.Close()
	names, err := d.Names()
	return len(names) == 0, err
}

// sweepInit removes what an init that was killed left; one that is still at work holds its folder's flock.
func sweepInit(root *durable.Dir) error {
	names, err := root.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, initPrefix) {
			continue
		}
		left, err := root.Sub(name)
		if gone(err) {
			continue // no folder: not ours
		}
		if err != nil {
			return err
		}
		free, err := left.Flock()
		if free {
			err = root.RemoveAll(name)
		}
		if err = errors.Join(err, left.Close()); err != nil {
			return err
		}
	}
	return nil
}

func buildAside(root *durable.Dir, dest string, o Options) error {
	name := fmt.Sprintf("%s%d", initPrefix, os.Getpid())
	git, err := root.MakeSub(name)
	if err != nil {
		return err
	}
	defer git.Close()
	if _, err := git.Flock(); err != nil {
		return err
	}
	err = fillGit(git, dest, o)
	if err == nil {
		err = root.Rename(name, root, ".git")
	}
	if err != nil {
		return errors.Join(err, root.RemoveAll(name))
	}
	return root.Sync()
}

func fillGit(git *durable.Dir, dest string, o Options) error {
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
		{"", "config", settings + ownSettings(defaultBranch)},
		{"info", "attributes", attributes},
		{"info", "exclude", excludeLines(dest, o.Exclude)},
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
	return syncFolders(w, "logs/refs/heads", "logs/refs", "logs", "info", "objects", "refs", "timemachine", "")
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

// probe learns what the file system can do and returns git's settings for it. They are for ever, so that only an error
// which says that the file system has no such thing counts as that.
func probe(dir *durable.Dir) (string, error) {
	var b strings.Builder
	b.WriteString("[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tlogallrefupdates = true\n")
	f, err := dir.Create(probeName)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := f.Chmod(0o700); err != nil && !unsupported(err) {
		return "", err
	}
	st, err := dir.Lstat(probeName)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\tfilemode = %t\n", st.Mode&0o777 == 0o700)
	folds, err := dir.Exists("pROBE")
	if err != nil {
		return "", err
	}
	if folds {
		b.WriteString("\tignorecase = true\n")
	}
	if err := dir.Symlink(probeName, probeLink); unsupported(err) {
		b.WriteString("\tsymlinks = false\n")
	} else if err != nil {
		return "", err
	}
	return b.String(), errors.Join(dir.Remove(probeLink), dir.Remove(probeName))
}

// unsupported tells whether an error says that the file system cannot do what was asked of it at all. Folders that a virtual
// machine shares (vboxsf) say that they are read-only; where that is true, nothing else can be made either.
func unsupported(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, unix.EROFS)
}

// ownSettings keeps other users out of what git writes, and git from changing a byte.
func ownSettings(branch string) string {
	return "[core]\n\tsharedRepository = 0600\n\tautocrlf = false\n\ttrustctime = false\n\tprecomposeunicode = false\n" +
		"[timemachine]\n\tbranch = " + branch + "\n"
}

// excludeLines is .git/info/exclude: what of ours git does not track.
func excludeLines(dest string, paths []string) string {
	lines := "/copies/\n/README.txt\n/" + initPrefix + "*/\n/files.aside*\n/copies.aside*\n"
	for _, p := range paths {
		if l := excludeLine(dest, p); l != "" {
			lines += l + "\n"
		}
	}
	return lines
}

// excludeLine is the line for one path, "" where it does not lie in the destination. A log's rotated files and an
// atomic replacement's temporary files share its beginning.
func excludeLine(dest, path string) string {
	rel, err := filepath.Rel(dest, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") || strings.ContainsAny(rel, "\n\r") {
		return ""
	}
	if base, ok := strings.CutSuffix(rel, ".log"); ok {
		return "/" + escapeIgnore(base) + "*.log"
	}
	return "/" + escapeIgnore(rel)
}

// escapeIgnore writes a name so that .gitignore syntax takes it literally.
func escapeIgnore(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(`\*?[ !#`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
