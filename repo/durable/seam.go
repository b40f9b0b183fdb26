package durable

import "sync/atomic"

// Kind is what an Op does, in the words of error messages.
type Kind string

// The kinds of Op. The first group changes names, the second what is behind them, the third puts
// either on disk, the last only looks.
const (
	Mkdir   Kind = "mkdir"
	Create  Kind = "create"
	Rename  Kind = "rename"
	Link    Kind = "link"
	Symlink Kind = "symlink"
	Remove  Kind = "remove"
	Rmdir   Kind = "rmdir"

	Write    Kind = "write"
	Truncate Kind = "truncate"
	Chmod    Kind = "chmod"
	Chown    Kind = "chown"
	SetMtime Kind = "utimensat"
	SetXattr Kind = "setxattr" // or to remove one

	Sync    Kind = "fsync"        // a file
	SyncDir Kind = "fsync folder" // a folder's names
	SyncAll Kind = "syncfs"

	Open   Kind = "open"
	Lstat  Kind = "lstat"
	Statfs Kind = "statfs"
	List   Kind = "list"
	Close  Kind = "close" // of a file that was written to
)

// Op is one operation on the file system.
type Op struct {
	Kind  Kind
	Path  string // of what it is done to, as messages name it
	To    string // Rename and Link: the new name; Symlink: the target
	File  *File  // where it is done to an open file
	Data  []byte // Write
	Off   int64  // Write: where; -1 at the file's own position. Truncate: the size
	Space *Space // Statfs: what it found, which After may change

	// What Path and To are made of, for a Seam alone: it takes longer than some operations.
	dir, toDir   *Dir
	name, toName string
	itself       bool // an empty name stands for dir itself
}

// Seam stands between this package and the file system. Tests use it to let operations fail and to
// record them. Several goroutines may call its methods at once.
type Seam interface {
	// Before is called before each operation. Where it returns an error, the caller gets that error
	// and the operation is not done. A Write whose Data it has shortened is done as far as that.
	Before(op *Op) error
	// After is called after an operation that succeeded.
	After(op *Op)
}

var installed atomic.Pointer[Seam]

// SetSeam puts s between this package and the file system, for the whole process, until remove is
// called.
func SetSeam(s Seam) (remove func()) {
	installed.Store(&s)
	return func() { installed.Store(nil) }
}

// through does one operation, through the seam where one is set. It refuses names that are no name
// of a file in the operation's folder.
func through(op Op, do func() error) error {
	if err := op.checkNames(); err != nil {
		return err
	}
	if s := installed.Load(); s != nil {
		return watched(*s, op, do)
	}
	return do()
}

func watched(s Seam, op Op, do func() error) error {
	op.spell()
	if err := s.Before(&op); err != nil {
		return err
	}
	err := do()
	if err == nil {
		s.After(&op)
	}
	return err
}

// spell fills in Path and To.
func (op *Op) spell() {
	if op.dir != nil {
		op.Path = op.dir.Path(op.name)
	}
	if op.toDir != nil {
		op.To = op.toDir.Path(op.toName)
	}
}
