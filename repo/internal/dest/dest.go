package repo

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

type destT struct {
	o      settings
	own    *durable.Dir // DEST/.git/timemachine
	dest   string
	root   *durable.Dir // DEST
	git    *durable.Dir // DEST/.git
	stage  *durable.Dir // DEST/.git/timemachine/stage
	refs   *ref.Store
	store  *pack.Store
	branch string // full name: refs/heads/main
	config config.File
	lock   *durable.File
}

func newDest(path string, o settings) *destT {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	d := &destT{dest: path, o: o}
	d.setWarn(o.Warn)
	return d
}

// setWarn sets whom warnings go to; nil: nobody.
func (r *destT) setWarn(warn func(path, msg, hint string)) {
	if warn == nil {
		warn = func(string, string, string) {}
	}
	r.o.Warn = warn
}

// Dest is the destination folder, as it was opened.
func (r *destT) Dest() string { return r.dest }

// Root identifies the destination folder itself, whatever its name.
func (r *destT) Root() (dev, ino uint64, err error) {
	st, err := r.root.Lstat("")
	return st.Dev, st.Ino, err
}

// Owner is the user that the repository belongs to.
func (r *destT) Owner() (uid uint32, err error) {
	st, err := r.git.Lstat("")
	return st.UID, err
}

// State opens the folder for what is ours and disposable under .git.
func (r *destT) State() *durable.Dir { return r.own }

// OpenWriter opens the folders of a destination that is to be written to, and checks that it can be.
func (r *destT) OpenWriter() error {
	if err := r.openGit(); err != nil {
		return err
	}
	branch := r.config.Get("timemachine", "branch")
	if branch == "" {
		if ours, err := r.used(); err != nil || ours {
			return cmp.Or(err, r.withoutBranch())
		}
	}
	if err := r.checkServed(); err != nil {
		return err
	}
	if branch == "" {
		return r.foreign()
	}
	r.branch = "refs/heads/" + branch
	return r.openParts()
}

func (r *destT) openGit() error {
	switch kind, err := r.openFolders(); {
	case err != nil:
		return err
	case kind == bareRepository:
		return &refusal.Error{Kind: refusal.Foreign, Dest: r.dest, Msg: fmt.Sprintf("destination %s is a bare repository", record.Quote(r.dest)),
			Hint: "clone it, and take the clone over with: timemachine init --adopt -d CLONE"}
	case kind == noRepository:
		return &refusal.Error{Kind: refusal.NoRepository, Dest: r.dest, Msg: fmt.Sprintf("destination %s holds no history", record.Quote(r.dest)),
			Hint: "make one with: timemachine init -d " + record.ShellWord(r.dest)}
	}
	if err := giveToOwner(r.git, r.root, r.git); err != nil {
		return err
	}
	return r.readConfig()
}

// giveToOwner has what root makes in some folders belong to the owner of another one.
func giveToOwner(theirs *durable.Dir, folders ...*durable.Dir) error {
	st, err := theirs.Lstat("")
	if err != nil || os.Geteuid() != 0 || st.UID == 0 {
		return err
	}
	for _, d := range folders {
		d.Give(&durable.Owner{UID: int(st.UID), GID: int(st.GID)})
	}
	return nil
}

func (r *destT) withoutBranch() error {
	return &refusal.Error{Kind: refusal.Damaged, Dest: r.dest, Msg: fmt.Sprintf("git's configuration in %s is damaged: its timemachine.branch is missing", record.Quote(r.dest)),
		Hint: "nothing was changed; write what is missing with: timemachine init --adopt -d " + record.ShellWord(r.dest)}
}

// used tells whether a run has left something under .git/timemachine: then the repository is ours, whatever its settings say.
func (r *destT) used() (bool, error) {
	for _, own := range runstate.Files {
		if there, err := durable.PathExists(r.git, "timemachine/"+own.Name); there || errors.Is(err, unix.ENOTDIR) {
			return there, nil
		} else if err != nil {
			return false, err
		}
	}
	return false, nil
}

func (r *destT) foreign() error {
	return &refusal.Error{Kind: refusal.Foreign, Dest: r.dest, Msg: fmt.Sprintf("the repository in %s was not made by timemachine", record.Quote(r.dest)),
		Hint: "choose another destination; a clone of a history is taken over with: timemachine init --adopt -d " + record.ShellWord(r.dest)}
}

// checkServed refuses repositories that would be served wrongly, with the reason.
func (r *destT) checkServed() error {
	if r.config.IsTrue("core", "bare") {
		return r.unserved("core.bare")
	}
	why, err := r.beyondUs("shallow")
	if err == nil && why != "" {
		err = r.unserved(why)
	}
	return err
}

func (r *destT) unserved(why string) error {
	return &refusal.Error{Kind: refusal.Unsupported, Dest: r.dest, Msg: fmt.Sprintf("the repository in %s uses what timemachine cannot serve: %s", record.Quote(r.dest), record.Quote(why)),
		Hint: "choose another destination, or take over a full clone of it: git clone --no-shared, then timemachine init --adopt"}
}

func (r *destT) openParts() error {
	var err error
	if r.own, err = r.git.MakeSub("timemachine"); err != nil {
		return r.strange(r.git, "timemachine", err)
	}
	if r.stage, err = r.own.MakeSub("stage"); err != nil {
		return r.strange(r.own, "stage", err)
	}
	r.refs = ref.New(r.git, r.stage)
	r.store, err = pack.OpenStore(r.git.Path("objects"))
	if errors.Is(err, fs.ErrNotExist) {
		return &refusal.Error{Kind: refusal.Damaged, Dest: r.dest, Msg: fmt.Sprintf("the history in %s is gone: its folder .git/objects is missing", record.Quote(r.dest)),
			Hint: "nothing was changed; bring it back from a clone or a copy of the destination, and see what is left with: ls -la " + record.ShellWord(r.git.Path(""))}
	}
	return err
}

// strange says what is in the way of a folder of ours, or of the lock, without which nothing can be done.
func (r *destT) strange(in *durable.Dir, name string, err error) error {
	st, serr := in.Lstat(name)
	if serr != nil || name != runstate.LockName && st.IsDir() || name == runstate.LockName && st.IsRegular() {
		return err // it is as it should be: the system's own reason
	}
	kind := "folder"
	if name == runstate.LockName {
		kind = "regular file"
	}
	return &refusal.Error{Kind: refusal.Damaged, Dest: r.dest, Msg: fmt.Sprintf("%s is no %s", record.Quote(in.Path(name)), kind), Err: err,
		Hint: "nothing was recorded; the next run makes it when it is moved away with: mv " + record.ShellWord(in.Path(name)) + " " + record.ShellWord(in.Path(name+".aside"))}
}

// closeToOthers takes what git made with an ordinary umask from everybody else.
func (r *destT) closeToOthers() error {
	for _, name := range []string{".git", "files", "copies"} {
		switch err := r.root.Restrict(name); {
		case durable.IsMissing(err): // or no folder: straighten has said so
		case err != nil:
			return err
		}
	}
	return nil
}

// Close gives up the lock and what is open.
func (r *destT) Close() error {
	var errs []error
	if r.store != nil {
		errs = append(errs, r.store.Close())
	}
	if r.lock != nil {
		// Closing it alone would leave the lock to a child that is just being started, until it is another program.
		errs = append(errs, unix.Flock(int(r.lock.Fd()), unix.LOCK_UN), r.lock.Close())
	}
	for _, d := range []*durable.Dir{r.stage, r.own, r.git, r.root} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	return errors.Join(errs...)
}
