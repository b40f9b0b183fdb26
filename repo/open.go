package repo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/ref"
)

// Identity is a name and an e-mail address as commits carry them.
type Identity struct{ Name, Email string }

// Options is what a repository needs from its surroundings. The zero value works.
type Options struct {
	Clock   func() time.Time              // nil: time.Now
	Zone    *time.Location                // of author and committer dates; nil: UTC
	Ident   Identity                      // the running user, for committers
	Host    string                        // of authors' addresses, name@host
	Boot    string                        // names this start of the machine, as no other is named; "": all is put on disk at once
	Log     func(msg string, args ...any) // important actions; nil: none
	Warn    func(path, msg, hint string)  // what the user should know but no run fails for; nil: none
	Exclude []string                      // absolute paths that git status must not show where they lie in the destination
	Copies  func(free, size int64) bool   // whether copies are written, given the space left; nil: always
	HasRoom func(free, size int64) bool   // Copies, for a look that is not to be told of; nil: Copies
	Batch   int                           // objects after which what a run has is published; 0: 200,000

	// Known tells whether a version that is recorded has the content id; false where that is not certain. It may be called
	// by several goroutines at once. nil: never.
	Known func(id object.ID) bool

	// Heads tells what is remembered of the sources at and below path ("/": all), so that queries need not search for
	// them; state is .git/timemachine. nil, and a zero result: nothing.
	Heads func(state *durable.Dir, path string) Heads

	// Remembered is the commit that what is remembered is true of, zero for none; state is .git/timemachine. nil: none.
	Remembered func(state *durable.Dir) object.ID
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Host == "" {
		o.Host = "localhost"
	}
	if o.Ident.Name == "" {
		o.Ident.Name = "timemachine"
	}
	if o.Ident.Email == "" {
		o.Ident.Email = o.Ident.Name + "@" + o.Host
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.Warn == nil {
		o.Warn = func(string, string, string) {}
	}
	if o.Known == nil {
		o.Known = func(object.ID) bool { return false }
	}
	if o.Remembered == nil {
		o.Remembered = func(*durable.Dir) object.ID { return object.ID{} }
	}
	if o.Batch == 0 {
		o.Batch = batchObjects
	}
	if o.Copies == nil {
		o.Copies = func(int64, int64) bool { return true }
	}
	if o.HasRoom == nil {
		o.HasRoom = o.Copies
	}
	return o
}

// Repo is an open destination.
type Repo struct {
	*maintainT
	unchecked bool // the run began without reading the tip
}

type notesT struct {
	own *durable.Dir // DEST/.git/timemachine
	o   Options
}

type destT struct {
	notesT
	dest   string
	root   *durable.Dir // DEST
	git    *durable.Dir // DEST/.git
	stage  *durable.Dir // DEST/.git/timemachine/stage
	refs   *ref.Store
	store  *pack.Store
	branch string // full name: refs/heads/main
	config gitConfig
	lock   *durable.File
}

type packdirT struct {
	destT
	ownSet atomic.Pointer[map[string]bool] // of packs, as they are listed; nil: to be read
}

type commitsT struct{ packdirT }

type projectionT struct {
	commitsT
	indexFlaw error       // why git could not read the index, as far as it was looked at
	noReflink atomic.Bool // the file system was found to have none
}

type maintainT struct{ projectionT }

func newRepo(dest string, o Options) *Repo {
	r := &Repo{maintainT: &maintainT{}}
	r.dest, r.o = dest, o.withDefaults()
	return r
}

// Configure replaces what Open was given, for settings that are known only later.
func (r *Repo) Configure(change func(*Options)) {
	change(&r.o)
	r.o = r.o.withDefaults()
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

// Open opens the destination at dest. A destination that cannot be used as it is gives a *StateError.
func Open(dest string, o Options) (*Repo, error) {
	r := newRepo(dest, o)
	if err := r.open(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Repo) open() error {
	if err := r.openGit(); err != nil {
		return err
	}
	branch := r.config.get("timemachine", "branch")
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
		return &StateError{Kind: Foreign, Dest: r.dest, Msg: fmt.Sprintf("destination %s is a bare repository", quote(r.dest)),
			Hint: "clone it, and take the clone over with: timemachine init --adopt -d CLONE"}
	case kind == noRepository:
		return &StateError{Kind: NoRepository, Dest: r.dest, Msg: fmt.Sprintf("destination %s holds no history", quote(r.dest)),
			Hint: "make one with: timemachine init -d " + word(r.dest)}
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
	return &StateError{Kind: Damaged, Dest: r.dest, Msg: fmt.Sprintf("git's configuration in %s is damaged: its timemachine.branch is missing", quote(r.dest)),
		Hint: "nothing was changed; write what is missing with: timemachine init --adopt -d " + word(r.dest)}
}

// used tells whether a run has left something under .git/timemachine: then the repository is ours, whatever its settings say.
func (r *destT) used() (bool, error) {
	for _, own := range ownFiles {
		if there, err := exists(r.git, "timemachine/"+own.name); there || errors.Is(err, unix.ENOTDIR) {
			return there, nil
		} else if err != nil {
			return false, err
		}
	}
	return false, nil
}

func (r *destT) foreign() error {
	return &StateError{Kind: Foreign, Dest: r.dest, Msg: fmt.Sprintf("the repository in %s was not made by timemachine", quote(r.dest)),
		Hint: "choose another destination; a clone of a history is taken over with: timemachine init --adopt -d " + word(r.dest)}
}

// checkServed refuses repositories that would be served wrongly, with the reason.
func (r *destT) checkServed() error {
	if r.config.isTrue("core", "bare") {
		return r.unserved("core.bare")
	}
	why, err := r.beyondUs("shallow")
	if err == nil && why != "" {
		err = r.unserved(why)
	}
	return err
}

func (r *destT) unserved(why string) error {
	return &StateError{Kind: Unsupported, Dest: r.dest, Msg: fmt.Sprintf("the repository in %s uses what timemachine cannot serve: %s", quote(r.dest), quote(why)),
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
		return &StateError{Kind: Damaged, Dest: r.dest, Msg: fmt.Sprintf("the history in %s is gone: its folder .git/objects is missing", quote(r.dest)),
			Hint: "nothing was changed; bring it back from a clone or a copy of the destination, and see what is left with: ls -la " + word(r.git.Path(""))}
	}
	return err
}

// Close gives up the lock and what is open.
func (r *Repo) Close() error {
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

const lockName = "lock"

const lockPoll = 50 * time.Millisecond

// Lock makes this process the only writer, and waits until it can be. It lasts until Close.
func (r *destT) Lock(ctx context.Context) error {
	for {
		if ok, err := r.TryLock(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

// TryLock is Lock without waiting: false means that another process is the writer.
func (r *destT) TryLock() (bool, error) {
	if r.lock != nil {
		return true, nil
	}
	f, err := r.own.OpenLock(lockName)
	if err != nil {
		return false, r.strange(r.own, lockName, err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		r.lock = f
		return true, nil
	}
	f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return false, fmt.Errorf("lock %q: %w", r.own.Path(lockName), err)
}
