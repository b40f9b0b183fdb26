// Package localgit reads and writes a git repository in a folder of this machine as git's
// upload-pack and receive-pack do, without git. It starts no hook: a repository with hooks, or with
// another setting that git alone obeys, is not written to.
package localgit

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	"timemachine/repo/internal/transport/fault"
)

// Repository is a repository in a folder of this machine.
type Repository struct {
	path   string       // of .git, or of the bare repository
	git    *durable.Dir // the same, open
	bare   bool
	config config.File
	refs   *ref.Store
}

// Open opens the repository that git finds at a path (gitprotocol-pack(5) leaves that to
// enter_repo): the folder .git in it, the folder itself, or those with .git added to the path.
func Open(path string) (*Repository, error) {
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
		return nil, fault.New(fault.NoRepository, "the folder does not exist", nil)
	}
	return nil, fault.New(fault.NoRepository, "the folder holds no git repository", nil)
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

func needsGit(what string) *fault.Error {
	return fault.New(fault.Unsupported, what+", which needs git", nil)
}

func openAt(base, path string, bare bool) (*Repository, error) {
	r := &Repository{path: path, bare: bare}
	var err error
	if r.git, err = durable.OpenDir(path); err != nil {
		return nil, err
	}
	if err = r.checkOwner(base); err == nil {
		err = r.readConfig()
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	r.refs = ref.New(r.git, nil)
	return r, nil
}

// Close closes the repository.
func (r *Repository) Close() error { return r.git.Close() }

// checkOwner refuses a repository of another user, as git does (safe.directory in git-config(1)).
func (r *Repository) checkOwner(base string) error {
	outer, err := durable.OpenDir(base)
	if err != nil {
		return err
	}
	defer outer.Close()
	for _, dir := range []*durable.Dir{outer, r.git} {
		st, err := dir.Lstat("")
		if err != nil {
			return err
		}
		if st.UID != uint32(os.Geteuid()) {
			return fault.New(fault.ForeignOwner, fmt.Sprintf("%q belongs to user %d", dir.Path(""), st.UID), nil)
		}
	}
	return nil
}

func (r *Repository) readConfig() error {
	text, err := r.git.ReadFile("config", config.MaxSize)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		r.config, err = config.Parse(text)
	}
	if err != nil {
		return fault.New(fault.Unsupported, "its settings cannot be read", err)
	}
	if format := r.config.Get("extensions", "objectformat"); format != "" && !strings.EqualFold(format, "sha1") {
		return fault.New(fault.Unsupported, fmt.Sprintf("its objects are named by %q, not by SHA-1", format), nil)
	}
	if what := r.config.Unsupported(); what != "" {
		return needsGit("it has the setting " + what)
	}
	if linked, err := r.git.Exists("commondir"); err != nil || linked {
		return errors.Join(err, needsGit("it is a linked work tree"))
	}
	if r.config.Raw.HasSection("include") || r.config.Raw.HasSection("includeIf") {
		return needsGit("its settings include others")
	}
	if r.config.IsTrue("core", "bare") {
		r.bare = true
	}
	return nil
}

// receiveHooks are the hooks that git starts for a push.
var receiveHooks = []string{"pre-receive", "update", "post-receive", "post-update", "reference-transaction", "proc-receive"}

// checkReceives refuses a repository to which only git can push.
func (r *Repository) checkReceives() error {
	hooks := filepath.Join(r.path, "hooks")
	if path := r.config.Get("core", "hooksPath"); path != "" {
		if strings.HasPrefix(path, "~") {
			return needsGit("core.hooksPath is in a home folder")
		}
		if hooks = path; !filepath.IsAbs(path) {
			hooks = filepath.Join(r.worktree(), path)
		}
	}
	for _, name := range receiveHooks {
		if st, err := os.Stat(filepath.Join(hooks, name)); err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0 {
			return needsGit("it has the hook " + name)
		}
	}
	for _, section := range []string{"receive", "transfer"} {
		if r.config.IsTrue(section, "fsckObjects") {
			return needsGit("it has the setting " + section + ".fsckObjects")
		}
	}
	if there, err := durable.PathExists(r.git, "objects/info/alternates"); err != nil || there {
		return errors.Join(err, needsGit("it borrows objects from another repository"))
	}
	return nil
}

// worktree is the folder that git works in.
func (r *Repository) worktree() string {
	if r.bare {
		return r.path
	}
	return filepath.Dir(r.path)
}

// OpenToWrite is Open for a repository that Receive can write to.
func OpenToWrite(path string) (*Repository, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	if err := r.checkReceives(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Refs is what the references point at, by full name.
func (r *Repository) Refs() (map[string]object.ID, error) { return r.refs.All() }

// Readable is Refs with HEAD, where that leads to a commit, without those that are hidden.
func (r *Repository) Readable() (map[string]object.ID, error) {
	refs, err := r.refs.All()
	if err != nil {
		return nil, err
	}
	if id, _, err := r.refs.Resolve("HEAD"); err == nil {
		refs["HEAD"] = id
	}
	return refs, r.removeHidden(refs)
}

// Update moves one reference. Old is zero where the repository lacks it.
type Update struct {
	Ref      string
	Old, New object.ID
}

// Receive takes a pack from write, which returns its length, and moves the reference. The branch
// that a work tree has checked out is not moved, unless the settings allow it.
func (r *Repository) Receive(ctx context.Context, u Update, write func(context.Context, io.Writer) (int64, error)) error {
	if err := r.checkUpdate(u); err != nil {
		return err
	}
	a, err := r.newArrival(ctx, u.Ref)
	if err != nil {
		return err
	}
	err = a.receive(ctx, write)
	if err == nil {
		err = a.place(ctx, u)
	}
	if err != nil {
		return errors.Join(err, a.close())
	}
	// The push is done, whatever comes; the next one tries again.
	_, _ = a.tidy(ctx), a.close()
	return nil
}

// checkUpdate refuses an update that git would refuse.
func (r *Repository) checkUpdate(u Update) error {
	if err := ref.CheckName(u.Ref); err != nil || !strings.HasPrefix(u.Ref, "refs/") {
		return fault.New(fault.Rejected, fmt.Sprintf("%q is no name of a reference", u.Ref), nil)
	}
	if err := r.checkHidden(u.Ref); err != nil {
		return err
	}
	if !r.bare {
		if err := r.checkOut(u.Ref); err != nil {
			return err
		}
	}
	refs, err := r.refs.All()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		if strings.HasPrefix(name, u.Ref+"/") || strings.HasPrefix(u.Ref, name+"/") {
			return fault.New(fault.Rejected, fmt.Sprintf("%q exists, and so %q cannot be made", name, u.Ref), nil)
		}
	}
	return nil
}

// checkOut refuses to move a branch that a work tree has checked out (receive.denyCurrentBranch in
// git-config(1)).
func (r *Repository) checkOut(name string) error {
	heads := []string{"HEAD"}
	linked, err := filepath.Glob(filepath.Join(globLiteral(r.path), "worktrees", "*", "HEAD"))
	if err != nil {
		return err
	}
	for _, h := range append(heads, linked...) {
		if !filepath.IsAbs(h) {
			h = filepath.Join(r.path, h)
		}
		b, err := os.ReadFile(h)
		if err != nil || strings.TrimSpace(strings.TrimPrefix(string(b), "ref: ")) != name {
			continue
		}
		switch strings.ToLower(r.config.Get("receive", "denyCurrentBranch")) {
		case "ignore", "warn", "false", "no", "off", "0":
		case "updateinstead":
			return needsGit("it has the setting receive.denyCurrentBranch = updateInstead")
		default:
			return fault.New(fault.Rejected, fmt.Sprintf("branch %q is checked out there", strings.TrimPrefix(name, "refs/heads/")), nil)
		}
	}
	return nil
}

// globLiteral takes a path out of filepath.Glob's language.
func globLiteral(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// store opens the repository's objects.
func (r *Repository) store() (*pack.Store, error) {
	return pack.OpenStore(filepath.Join(r.path, "objects"))
}
