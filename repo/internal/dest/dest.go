// Package dest holds a destination as it lies on disk: its opened folders, git's settings, what its
// file system can do, and the lock that makes a process the only writer.
package dest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Dest is a destination. Folders that are not open are nil.
type Dest struct {
	Opts     Options
	StateDir *durable.Dir // DEST/.git/timemachine
	Path     string       // DEST, as the caller gave it
	Folder   *durable.Dir // DEST
	Git      *durable.Dir // DEST/.git
	Stage    *durable.Dir // DEST/.git/timemachine/stage
	Refs     *ref.Store
	Store    *pack.Store
	Branch   string             // full name: refs/heads/main
	Other    bool               // Branch is not the recorded one, nor HEAD's where none is recorded
	Bare     bool               // Folder itself is the repository
	Shallow  map[object.ID]bool // commits whose parents a shallow clone left out
	Config   config.File
	lock     *durable.File
	looking  sync.Mutex  // held from beAlone to its release
	alone    atomic.Bool // what beAlone has found meanwhile
}

// New is the destination at path, with no folder open yet.
func New(path string, o Options) *Dest {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	d := &Dest{Path: path, Opts: o}
	d.SetWarn(o.Warn)
	return d
}

// SetWarn sets the function that gets the warnings; nil drops them.
func (r *Dest) SetWarn(warn func(path, msg string, what refusal.Remedy)) {
	if warn == nil {
		warn = func(string, string, refusal.Remedy) {}
	}
	r.Opts.Warn = warn
}

// Remedy is a remedy of one kind for the destination. path may be empty.
func (r *Dest) Remedy(kind refusal.RemedyKind, path string) refusal.Remedy {
	return refusal.Remedy{Kind: kind, Dest: r.Path, Path: path}
}

// DestPath is the path of the destination folder, as the caller gave it.
func (r *Dest) DestPath() string { return r.Path }

// Folders identifies the destination folder, also after a rename, and those of its folders that
// timemachine writes.
func (r *Dest) Folders() (folder durable.Stat, parts []durable.Stat, err error) {
	for _, name := range []string{".git", "files", "copies"} {
		if st, err := r.Folder.Lstat(name); err == nil {
			parts = append(parts, st)
		}
	}
	folder, err = r.Folder.Lstat("")
	return folder, parts, err
}

// OwnerUID is the user who owns the repository.
func (r *Dest) OwnerUID() (uid uint32, err error) {
	st, err := r.Git.Lstat("")
	return st.UID, err
}

// OpenObjects opens the objects. Where root works in another user's repository, it reads that
// user's files alone: they may have put links to others there.
func (r *Dest) OpenObjects() error {
	owner, err := r.OwnerUID()
	if err != nil {
		return err
	}
	var o pack.StoreOptions
	if owner != 0 && os.Geteuid() == 0 {
		o.Owner = &owner
	}
	r.Store, err = o.Open(r.Git.Path("objects"))
	return err
}

// State is the folder .git/timemachine. Every file in it can be made again.
func (r *Dest) State() *durable.Dir { return r.StateDir }

// OpenWriter opens the folders of a destination for writing. It refuses a repository that is not
// timemachine's, or that timemachine does not support.
func (r *Dest) OpenWriter() error {
	if err := r.openGit(); err != nil {
		return err
	}
	if err := r.CheckAdopted(); err != nil {
		return err
	}
	if err := r.setBranch(r.Config.Get("timemachine", "branch")); err != nil {
		return err
	}
	return r.openParts()
}

// FindBranch sets the branch to the recorded one, else to the one that HEAD names; "" for none.
func (r *Dest) FindBranch() error {
	if branch := r.Config.Get("timemachine", "branch"); branch != "" {
		return r.setBranch(branch)
	}
	r.Branch = r.Refs.Head()
	return nil
}

// setBranch sets the branch, whose name becomes a path, where git accepts the name.
func (r *Dest) setBranch(branch string) error {
	full := "refs/heads/" + branch
	if ref.CheckName(full) != nil {
		return &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: fmt.Sprintf("git's configuration in %s is damaged: timemachine.branch = %s is no name of a branch", record.Quote(r.Path), record.Quote(branch)),
			Remedy: refusal.Remedy{Kind: refusal.RestoreSettings, Dest: r.Path}}
	}
	r.Branch = full
	return nil
}

// openGit opens .git of a destination with a work tree, and reads its configuration.
func (r *Dest) openGit() error {
	switch kind, err := r.OpenFolders(); {
	case err != nil:
		return err
	case kind == BareRepository:
		return r.bareError()
	case kind == NoRepository:
		return &refusal.Error{Kind: refusal.NoRepository, Dest: r.Path, Msg: fmt.Sprintf("destination %s holds no history", record.Quote(r.Path)),
			Remedy: r.Remedy(refusal.InitDestination, "")}
	}
	if err := createAsOwnerOf(r.Git, r.Folder, r.Git); err != nil {
		return err
	}
	return r.ReadConfig()
}

func (r *Dest) bareError() error {
	return &refusal.Error{Kind: refusal.Foreign, Dest: r.Path, Msg: fmt.Sprintf("destination %s is a bare repository", record.Quote(r.Path)),
		Remedy: refusal.Remedy{Kind: refusal.CloneAndAdopt}}
}

// CheckAdopted refuses a repository that is not timemachine's, or that timemachine does not
// support. A clone of a history can be read, and is no destination until it is taken over.
func (r *Dest) CheckAdopted() error {
	if r.Bare {
		return r.bareError()
	}
	branch := r.Config.Get("timemachine", "branch")
	if branch == "" {
		if used, err := r.IsUsed(); err != nil || used {
			return cmp.Or(err, r.missingBranchError())
		}
	}
	if err := r.checkServed(); err != nil {
		return err
	}
	if branch == "" {
		return r.ForeignError()
	}
	return nil
}

// createAsOwnerOf lets everything that root creates in folders belong to the owner of another one.
func createAsOwnerOf(owned *durable.Dir, folders ...*durable.Dir) error {
	st, err := owned.Lstat("")
	if err != nil || os.Geteuid() != 0 || st.UID == 0 {
		return err
	}
	for _, d := range folders {
		d.Give(&durable.Owner{UID: int(st.UID), GID: int(st.GID)})
	}
	return nil
}

func (r *Dest) missingBranchError() error {
	return &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: fmt.Sprintf("git's configuration in %s is damaged: its timemachine.branch is missing", record.Quote(r.Path)),
		Remedy: r.Remedy(refusal.RestoreSettings, "")}
}

// IsUsed tells whether a run has left a file under .git/timemachine. The repository is
// timemachine's then, whatever its settings say.
func (r *Dest) IsUsed() (bool, error) {
	for _, file := range runstate.Files {
		if there, err := durable.PathExists(r.Git, "timemachine/"+file.Name); there || errors.Is(err, unix.ENOTDIR) {
			return there, nil
		} else if err != nil {
			return false, err
		}
	}
	return false, nil
}

// ForeignError is the refusal of a repository that timemachine did not make.
func (r *Dest) ForeignError() error {
	return &refusal.Error{Kind: refusal.Foreign, Dest: r.Path, Msg: fmt.Sprintf("the repository in %s was not made by timemachine", record.Quote(r.Path)),
		Remedy: r.Remedy(refusal.AdoptClone, "")}
}

// checkServed refuses a repository with a feature that timemachine does not support.
func (r *Dest) checkServed() error {
	if r.Config.IsTrue("core", "bare") {
		return r.unsupportedError("core.bare")
	}
	why, err := r.Unsupported("shallow")
	if err == nil && why != "" {
		err = r.unsupportedError(why)
	}
	return err
}

func (r *Dest) unsupportedError(why string) error {
	return &refusal.Error{Kind: refusal.Unsupported, Dest: r.Path, Msg: fmt.Sprintf("the repository in %s uses what timemachine cannot serve: %s", record.Quote(r.Path), record.Quote(why)),
		Remedy: refusal.Remedy{Kind: refusal.AdoptFullClone}}
}

// openParts opens the state folder and the stage, the refs and the objects.
func (r *Dest) openParts() error {
	var err error
	if r.StateDir, err = r.Git.MakeSub("timemachine"); err != nil {
		return r.obstructionError(r.Git, "timemachine", err)
	}
	if r.Stage, err = r.StateDir.MakeSub("stage"); err != nil {
		return r.obstructionError(r.StateDir, "stage", err)
	}
	r.Refs = ref.New(r.Git, r.Stage)
	err = r.OpenObjects()
	if errors.Is(err, fs.ErrNotExist) {
		return &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: fmt.Sprintf("the history in %s is gone: its folder .git/objects is missing", record.Quote(r.Path)),
			Remedy: r.Remedy(refusal.RestoreObjects, r.Git.Path(""))}
	}
	return err
}

// obstructionError is the error of a foreign file at the path of the state folder, the stage or the
// lock. Without these no run can work. It is err itself where no such file is found.
func (r *Dest) obstructionError(in *durable.Dir, name string, err error) error {
	st, serr := in.Lstat(name)
	if serr != nil || name != runstate.LockName && st.IsDir() || name == runstate.LockName && st.IsRegular() {
		return err
	}
	kind := "folder"
	if name == runstate.LockName {
		kind = "regular file"
	}
	return &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: fmt.Sprintf("%s is no %s", record.Quote(in.Path(name)), kind), Err: err,
		Remedy: r.Remedy(refusal.MoveAsideForRun, in.Path(name))}
}

// Close releases the lock and closes the folders.
func (r *Dest) Close() error {
	var errs []error
	if r.Store != nil {
		errs = append(errs, r.Store.Close())
	}
	errs = append(errs, r.Unlock())
	for _, d := range []*durable.Dir{r.Stage, r.StateDir, r.Git, r.Folder} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	return errors.Join(errs...)
}

// HeadRemedy is the remedy that makes HEAD name the branch again.
func (r *Dest) HeadRemedy() refusal.Remedy {
	return refusal.Remedy{Kind: refusal.WriteHead, Dest: r.Path, Path: r.Git.Path("HEAD"), Branch: r.Branch}
}
