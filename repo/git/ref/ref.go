// Package ref reads and moves branches as git does (gitrepository-layout(5)).
//
// A branch is a loose file under refs/ with 40 hexadecimal digits and a newline, else a line of
// packed-refs. It moves by git's lock protocol: NAME.lock is taken, the old value compared, the new
// value written, put on disk and renamed into place; then the reflog gets a line. A branch file
// that holds anything else is damage, never "no commits yet".
package ref

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// ErrMissing is returned for a branch that is neither a loose file nor packed.
var ErrMissing = errors.New("no such branch")

// DamagedError says that a branch's file holds no commit name.
type DamagedError struct {
	Name   string // full name: refs/heads/main
	Found  string // what the file holds, in words
	Packed bool   // it is packed-refs that git cannot read
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("branch %q is damaged: %s", e.Name, e.Found)
}

// MovedError says that a branch is not where the caller expected it.
type MovedError struct {
	Name      string
	Want, Got object.ID
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("branch %q moved to %s", e.Name, e.Got.Short())
}

const (
	lockWait     = 2 * time.Second
	maxRefFile   = 1 << 16
	maxPackedRef = 256 << 20
)

// Store is the references of one repository.
type Store struct {
	git   *durable.Dir // .git
	stage *durable.Dir // on the same file system
	perm  fs.FileMode  // of new files of references; 0: private
}

// New opens the references in git. Lock files are prepared in stage.
func New(git, stage *durable.Dir) *Store { return &Store{git: git, stage: stage} }

// SetPerm sets the permissions of the files of references that are written from now on.
func (s *Store) SetPerm(perm fs.FileMode) { s.perm = perm }

// Read is the commit that a branch points at; name is the full name. Errors: ErrMissing,
// *DamagedError, the file system's.
func (s *Store) Read(name string) (object.ID, error) {
	if err := CheckName(name); err != nil {
		return object.ID{}, &DamagedError{Name: name, Found: "git takes that for no reference's name"}
	}
	b, err := s.readFile(name, maxRefFile)
	if errors.Is(err, fs.ErrNotExist) || err != nil && s.IsFolder(name) {
		return s.packed(name)
	}
	if err != nil {
		return object.ID{}, err
	}
	id, err := object.ParseID(strings.TrimRight(string(b), "\n"))
	if err != nil || id.IsZero() {
		return object.ID{}, &DamagedError{Name: name, Found: describe(b)}
	}
	return id, nil
}

// IsFolder tells whether a reference's place is a folder, in which others lie: one of them may be
// the reference under a new name. As for git, there is no loose file then.
func (s *Store) IsFolder(name string) bool {
	folder, base := cut(name)
	dir, err := s.folder(folder)
	if err != nil {
		return false
	}
	defer dir.close()
	st, err := dir.Lstat(base)
	return err == nil && st.IsDir()
}

func (s *Store) readFile(name string, max int64) ([]byte, error) {
	folder, base := cut(name)
	dir, err := s.folder(folder)
	if err != nil {
		return nil, err
	}
	defer dir.close()
	return dir.ReadFile(base, max)
}

// folder is an open folder with the folders on the way to it.
type folder struct {
	*durable.Dir
	close func()
}

func (s *Store) folder(name string) (folder, error) {
	w := durable.NewWalker(s.git)
	d, err := w.Dir(name)
	if err != nil {
		w.Close()
		return folder{}, err
	}
	return folder{d, w.Close}, nil
}

func (s *Store) makeFolder(name string) (folder, error) {
	w := durable.NewWalker(s.git)
	d, err := w.Make(name)
	if err != nil {
		w.Close()
		return folder{}, err
	}
	return folder{d, w.Close}, nil
}

func describe(b []byte) string {
	switch {
	case len(b) == 0:
		return "its file is empty"
	case strings.Trim(string(b), "\x00") == "":
		return "its file holds only zero bytes"
	case strings.HasPrefix(string(b), "ref: "):
		return "it is a symbolic reference"
	case len(b) < 40:
		return fmt.Sprintf("its file is cut to %d bytes", len(b))
	}
	return "its file holds no commit name"
}

func (s *Store) packed(name string) (object.ID, error) {
	b, err := s.git.ReadFile(packedName, maxPackedRef)
	if errors.Is(err, fs.ErrNotExist) {
		return object.ID{}, ErrMissing
	}
	if err != nil {
		return object.ID{}, err
	}
	for line := range strings.Lines(string(b)) {
		if line[0] == '#' || line[0] == '^' { // a header, or what the tag before leads to
			continue
		}
		hex, found, ok := strings.Cut(strings.TrimRight(line, "\n"), " ")
		id, err := object.ParseID(hex)
		if !ok || err != nil || id.IsZero() {
			return object.ID{}, &DamagedError{Name: name, Found: "packed-refs holds a line that is none", Packed: true}
		}
		if found == name {
			return id, nil
		}
	}
	return object.ID{}, ErrMissing
}

// HeadFlaw says what is wrong with HEAD; "" where it names a branch or a commit. For git, a folder
// without a HEAD is no repository.
func (s *Store) HeadFlaw() string {
	b, err := s.git.ReadFile("HEAD", maxRefFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "is missing"
	case err != nil:
		return "cannot be read"
	}
	target, symbolic := strings.CutPrefix(string(b), "ref: ")
	_, err = object.ParseID(strings.TrimSpace(string(b)))
	switch {
	case symbolic && strings.HasPrefix(target, "refs/") && CheckName(strings.TrimSpace(target)) == nil || err == nil:
		return ""
	case len(b) == 0:
		return "is empty"
	}
	return "names no branch"
}

// Head is the branch that HEAD names; "" where HEAD is detached or unreadable, or names no branch
// that git accepts.
func (s *Store) Head() string {
	name, _ := s.ReadHead()
	return name
}

// ReadHead is Head, with the error where HEAD exists and cannot be read.
func (s *Store) ReadHead() (string, error) {
	b, err := s.git.ReadFile("HEAD", maxRefFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	name, ok := strings.CutPrefix(string(b), "ref: ")
	name = strings.TrimSpace(name)
	if err != nil || !ok || CheckName(name) != nil {
		return "", err
	}
	return name, nil
}

// Update moves a branch from old to id, after it has logged the move as git does: where it cannot
// log, it does not move. A zero entry logs nothing. A zero old says that the branch must not exist.
// After a *MovedError, a *LogError or a *durable.LockedError nothing has changed. The move is on
// disk when Update returns.
func (s *Store) Update(name string, old, id object.ID, entry LogEntry) error {
	if err := CheckName(name); err != nil {
		return err
	}
	folder, base := cut(name)
	dir, err := s.makeFolder(folder)
	if err != nil {
		return err
	}
	defer dir.close()
	lock, err := dir.TakeLock(base, s.stage, lockWait)
	if err != nil {
		return err
	}
	if err := s.expect(name, old); err != nil {
		return errors.Join(err, lock.Abort())
	}
	_, err = lock.WriteString(id.String() + "\n")
	if err == nil && s.perm != 0 {
		err = lock.Chmod(s.perm)
	}
	if err != nil {
		return errors.Join(err, lock.Abort())
	}
	line := entry.line(old, id)
	first := line
	// A log without its branch would look like the log of a lost branch. So it is empty until the
	// branch exists.
	if old.IsZero() {
		first = ""
	}
	undo, err := s.log(name, first, &entry)
	if err != nil {
		return errors.Join(err, lock.Abort())
	}
	if err := s.syncFolders(folder); err != nil {
		return errors.Join(err, undo(), lock.Abort())
	}
	if err := lock.Commit(); err != nil {
		if s.expect(name, old) == nil {
			err = errors.Join(err, undo())
		}
		return err
	}
	if old.IsZero() {
		_, err = s.log(name, line, &entry)
	}
	return err
}

// syncFolders puts the names of the folders on the way to a branch's file on disk: of hosts in
// refs/heads/hosts/web1, which this process or git may just have made, since git pack-refs removes
// it.
func (s *Store) syncFolders(folder string) error {
	for folder != "refs/heads" && strings.HasPrefix(folder, "refs/heads/") {
		folder, _ = cut(folder)
		dir, err := s.folder(folder)
		if err == nil {
			err = dir.Sync()
			dir.close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) expect(name string, old object.ID) error {
	now, err := s.Read(name)
	if errors.Is(err, ErrMissing) {
		now, err = object.ID{}, nil
	}
	if err == nil && now != old {
		err = &MovedError{Name: name, Want: old, Got: now}
	}
	return err
}
