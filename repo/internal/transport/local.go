package transport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
)

// folder is a repository in a folder of this machine.
type folder struct {
	path   string       // of .git, or of the bare repository
	git    *durable.Dir // the same, open
	bare   bool
	config config.File
	refs   *ref.Store
}

// openFolder opens the repository that git finds at a path (gitprotocol-pack(5) leaves that to
// enter_repo): the folder .git in it, the folder itself, or those with .git added to the path.
func openFolder(path string) (*folder, error) {
	for _, base := range []string{path, path + ".git"} {
		for _, inner := range []string{".git", ""} {
			at := filepath.Join(base, inner)
			st, err := os.Stat(at)
			if errors.Is(err, fs.ErrNotExist) || err != nil && !isFolder(base) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if inner != "" && !st.IsDir() {
				return nil, needsGit("its .git is a file that leads elsewhere")
			}
			if st.IsDir() && isRepository(at) {
				return openAt(base, at, inner == "")
			}
		}
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, failure(NoRepository, "the folder does not exist", nil)
	}
	return nil, failure(NoRepository, "the folder holds no git repository", nil)
}

func isFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// isRepository tells whether git takes a folder for a repository.
func isRepository(path string) bool {
	for _, name := range []string{"HEAD", "objects", "refs"} {
		if _, err := os.Lstat(filepath.Join(path, name)); err != nil {
			return false
		}
	}
	return true
}

func needsGit(what string) *Error {
	return failure(Unsupported, what+", which needs git", nil)
}

func openAt(base, path string, bare bool) (*folder, error) {
	f := &folder{path: path, bare: bare}
	var err error
	if f.git, err = durable.OpenDir(path); err != nil {
		return nil, err
	}
	if err = f.checkOwner(base); err == nil {
		err = f.readConfig()
	}
	if err != nil {
		f.close()
		return nil, err
	}
	f.refs = ref.New(f.git, nil)
	return f, nil
}

func (f *folder) close() error { return f.git.Close() }

// checkOwner refuses a repository of another user, as git does (safe.directory in git-config(1)).
func (f *folder) checkOwner(base string) error {
	outer, err := durable.OpenDir(base)
	if err != nil {
		return err
	}
	defer outer.Close()
	for _, dir := range []*durable.Dir{outer, f.git} {
		st, err := dir.Lstat("")
		if err != nil {
			return err
		}
		if st.UID != uint32(os.Geteuid()) {
			return failure(ForeignOwner, fmt.Sprintf("%q belongs to user %d", dir.Path(""), st.UID), nil)
		}
	}
	return nil
}

func (f *folder) readConfig() error {
	text, err := f.git.ReadFile("config", config.MaxSize)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		f.config, err = config.Parse(text)
	}
	if err != nil {
		return failure(Unsupported, "its settings cannot be read", err)
	}
	if format := f.config.Get("extensions", "objectformat"); format != "" && !strings.EqualFold(format, "sha1") {
		return failure(Unsupported, fmt.Sprintf("its objects are named by %q, not by SHA-1", format), nil)
	}
	if what := f.config.Unsupported(); what != "" {
		return needsGit("it has the setting " + what)
	}
	if linked, err := f.git.Exists("commondir"); err != nil || linked {
		return errors.Join(err, needsGit("it is a linked work tree"))
	}
	if f.config.Raw.HasSection("include") || f.config.Raw.HasSection("includeIf") {
		return needsGit("its settings include others")
	}
	if f.config.IsTrue("core", "bare") {
		f.bare = true
	}
	return nil
}

// receiveHooks are the hooks that git starts for a push.
var receiveHooks = []string{"pre-receive", "update", "post-receive", "post-update", "reference-transaction", "proc-receive"}

// checkReceives refuses a repository to which only git can push.
func (f *folder) checkReceives() error {
	hooks := filepath.Join(f.path, "hooks")
	if path := f.config.Get("core", "hooksPath"); path != "" {
		if strings.HasPrefix(path, "~") {
			return needsGit("core.hooksPath is in a home folder")
		}
		if hooks = path; !filepath.IsAbs(path) {
			hooks = filepath.Join(f.worktree(), path)
		}
	}
	for _, name := range receiveHooks {
		if st, err := os.Stat(filepath.Join(hooks, name)); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return needsGit("it has the hook " + name)
		}
	}
	for _, section := range []string{"receive", "transfer"} {
		if f.config.IsTrue(section, "fsckObjects") {
			return needsGit("it has the setting " + section + ".fsckObjects")
		}
	}
	if there, err := durable.PathExists(f.git, "objects/info/alternates"); err != nil || there {
		return errors.Join(err, needsGit("it borrows objects from another repository"))
	}
	return nil
}

// worktree is the folder that git works in.
func (f *folder) worktree() string {
	if f.bare {
		return f.path
	}
	return filepath.Dir(f.path)
}

// openLocal opens a repository in a folder for Push.
func openLocal(path string) (*Session, error) {
	f, err := openFolder(path)
	if err != nil {
		return nil, err
	}
	if err = f.checkReceives(); err == nil {
		var refs map[string]object.ID
		if refs, err = f.refs.All(); err == nil {
			return &Session{remote: f, refs: refs}, nil
		}
	}
	f.close()
	return nil, err
}

func (f *folder) takes() (thin, offsets bool) { return true, true }

func (f *folder) objects() []object.ID { return nil }

// push writes the pack and moves the reference.
func (f *folder) push(ctx context.Context, u Update, pack Pack) error {
	if err := f.checkUpdate(u); err != nil {
		return err
	}
	a, err := f.newArrival(ctx, u.Ref)
	if err != nil {
		return err
	}
	err = a.receive(ctx, pack)
	if err == nil {
		err = a.place(ctx, u)
	}
	return errors.Join(err, a.close())
}

// checkUpdate refuses an update that git would refuse.
func (f *folder) checkUpdate(u Update) error {
	if err := ref.CheckName(u.Ref); err != nil || !strings.HasPrefix(u.Ref, "refs/") {
		return failure(Rejected, fmt.Sprintf("%q is no name of a reference", u.Ref), nil)
	}
	if !f.bare {
		if err := f.checkOut(u.Ref); err != nil {
			return err
		}
	}
	refs, err := f.refs.All()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		if strings.HasPrefix(name, u.Ref+"/") || strings.HasPrefix(u.Ref, name+"/") {
			return failure(Rejected, fmt.Sprintf("%q exists, and so %q cannot be made", name, u.Ref), nil)
		}
	}
	return nil
}

// checkOut refuses to move a branch that a work tree has checked out (receive.denyCurrentBranch in
// git-config(1)).
func (f *folder) checkOut(name string) error {
	heads := []string{"HEAD"}
	linked, err := filepath.Glob(filepath.Join(globLiteral(f.path), "worktrees", "*", "HEAD"))
	if err != nil {
		return err
	}
	for _, h := range append(heads, linked...) {
		if !filepath.IsAbs(h) {
			h = filepath.Join(f.path, h)
		}
		b, err := os.ReadFile(h)
		if err != nil || strings.TrimSpace(strings.TrimPrefix(string(b), "ref: ")) != name {
			continue
		}
		switch strings.ToLower(f.config.Get("receive", "denyCurrentBranch")) {
		case "ignore", "warn", "false", "no", "off", "0":
		case "updateinstead":
			return needsGit("it has the setting receive.denyCurrentBranch = updateInstead")
		default:
			return failure(Rejected, fmt.Sprintf("branch %q is checked out there", strings.TrimPrefix(name, "refs/heads/")), nil)
		}
	}
	return nil
}

// globLiteral takes a path out of filepath.Glob's language.
func globLiteral(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// store opens the repository's objects.
func (f *folder) store() (*pack.Store, error) {
	return pack.OpenStore(filepath.Join(f.path, "objects"))
}
