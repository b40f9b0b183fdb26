// Package dest holds a destination as it lies on disk: its opened folders, git's settings, what its
// file system can do, and the lock that makes a process the only writer.
package dest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"

	"golang.org/x/sys/unix"
)

type Dest struct {
	Opts     Options
	StateDir *durable.Dir // DEST/.git/timemachine
	Path     string
	Folder   *durable.Dir // DEST
	Git      *durable.Dir // DEST/.git
	Stage    *durable.Dir // DEST/.git/timemachine/stage
	Refs     *ref.Store
	Store    *pack.Store
	Branch   string // full name: refs/heads/main
	Config   config.File
	lock     *durable.File
}

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

// SetWarn sets whom warnings go to; nil: nobody.
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

// DestPath is the destination folder, as it was opened.
func (r *Dest) DestPath() string { return r.Path }

// FolderID identifies the destination folder itself, whatever its name.
func (r *Dest) FolderID() (dev, ino uint64, err error) {
	st, err := r.Folder.Lstat("")
	return st.Dev, st.Ino, err
}

// OwnerUID is the user that the repository belongs to.
func (r *Dest) OwnerUID() (uid uint32, err error) {
	st, err := r.Git.Lstat("")
	return st.UID, err
}

// State opens the folder for what is ours and disposable under .git.
func (r *Dest) State() *durable.Dir { return r.StateDir }

// OpenWriter opens the folders of a destination that is to be written to, and checks that it can
// be.
func (r *Dest) OpenWriter() error {
	if err := r.openGit(); err != nil {
		return err
	}
	branch := r.Config.Get("timemachine", "branch")
	if branch == "" {
		if ours, err := r.isUsed(); err != nil || ours {
			return cmp.Or(err, r.missingBranchError())
		}
	}
	if err := r.checkServed(); err != nil {
		return err
	}
	if branch == "" {
		return r.foreignError()
	}
	if err := r.setBranch(branch); err != nil {
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

func (r *Dest) openGit() error {
	switch kind, err := r.OpenFolders(); {
	case err != nil:
		return err
	case kind == BareRepository:
		return &refusal.Error{Kind: refusal.Foreign, Dest: r.Path, Msg: fmt.Sprintf("destination %s is a bare repository", record.Quote(r.Path)),
			Remedy: refusal.Remedy{Kind: refusal.CloneAndAdopt}}
	case kind == NoRepository:
		return &refusal.Error{Kind: refusal.NoRepository, Dest: r.Path, Msg: fmt.Sprintf("destination %s holds no history", record.Quote(r.Path)),
			Remedy: r.Remedy(refusal.InitDestination, "")}
	}
	if err := createAsOwnerOf(r.Git, r.Folder, r.Git); err != nil {
		return err
	}
	return r.ReadConfig()
}

// createAsOwnerOf has what root makes in some folders belong to the owner of another one.
func createAsOwnerOf(theirs *durable.Dir, folders ...*durable.Dir) error {
	st, err := theirs.Lstat("")
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

// isUsed tells whether a run has left something under .git/timemachine: then the repository is
// ours, whatever its settings say.
func (r *Dest) isUsed() (bool, error) {
	for _, own := range runstate.Files {
		if there, err := durable.PathExists(r.Git, "timemachine/"+own.Name); there || errors.Is(err, unix.ENOTDIR) {
			return there, nil
		} else if err != nil {
			return false, err
		}
	}
	return false, nil
}

func (r *Dest) foreignError() error {
	return &refusal.Error{Kind: refusal.Foreign, Dest: r.Path, Msg: fmt.Sprintf("the repository in %s was not made by timemachine", record.Quote(r.Path)),
		Remedy: r.Remedy(refusal.AdoptClone, "")}
}

// checkServed refuses repositories that would be served wrongly, with the reason.
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

func (r *Dest) openParts() error {
	var err error
	if r.StateDir, err = r.Git.MakeSub("timemachine"); err != nil {
		return r.obstructionError(r.Git, "timemachine", err)
	}
	if r.Stage, err = r.StateDir.MakeSub("stage"); err != nil {
		return r.obstructionError(r.StateDir, "stage", err)
	}
	r.Refs = ref.New(r.Git, r.Stage)
	r.Store, err = pack.OpenStore(r.Git.Path("objects"))
	if errors.Is(err, fs.ErrNotExist) {
		return &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: fmt.Sprintf("the history in %s is gone: its folder .git/objects is missing", record.Quote(r.Path)),
			Remedy: r.Remedy(refusal.RestoreObjects, r.Git.Path(""))}
	}
	return err
}

// obstructionError says what is in the way of a folder of ours, or of the lock, without which nothing
// can be done.
func (r *Dest) obstructionError(in *durable.Dir, name string, err error) error {
	st, serr := in.Lstat(name)
	if serr != nil || name != runstate.LockName && st.IsDir() || name == runstate.LockName && st.IsRegular() {
		return err // it is as it should be: the system's own reason
	}
	kind := "folder"
	if name == runstate.LockName {
		kind = "regular file"
	}
	return &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: fmt.Sprintf("%s is no %s", record.Quote(in.Path(name)), kind), Err: err,
		Remedy: r.Remedy(refusal.MoveAsideForRun, in.Path(name))}
}

// Close gives up the lock and what is open.
func (r *Dest) Close() error {
	var errs []error
	if r.Store != nil {
		errs = append(errs, r.Store.Close())
	}
	if r.lock != nil {
		// Closing it alone would leave the lock to a child that is just being started, until it is
		// another program.
		errs = append(errs, unix.Flock(int(r.lock.Fd()), unix.LOCK_UN), r.lock.Close())
	}
	for _, d := range []*durable.Dir{r.Stage, r.StateDir, r.Git, r.Folder} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	return errors.Join(errs...)
}

// HeadRemedy makes HEAD name the branch again.
func (r *Dest) HeadRemedy() refusal.Remedy {
	return refusal.Remedy{Kind: refusal.WriteHead, Path: r.Git.Path("HEAD"), Branch: r.Branch}
}
