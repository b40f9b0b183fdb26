package repo

import (
	"context"
	"errors"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/refusal"
	"timemachine/repo/verify"
)

// ErrBusy says that another process is the writer.
var ErrBusy = errors.New("another process is writing")

// Writer is a Repo whose lock this process holds: it alone may write. It lasts until the Repo is
// closed.
//
// A run calls Start, then Begin, commits its versions to the Tx and publishes it, then calls
// RollUp.
type Writer struct {
	*Repo
	unchecked bool // the run began without reading the tip
	published int  // number of versions, since the run began

	wroteIndex durable.Stat // the index, as this run wrote it; zero: it did not
}

// WriteOptions is what is known only when a run writes. The zero value works.
type WriteOptions struct {
	// what the user should know but no run fails for; nil: that of Options
	Warn func(path, msg string, what refusal.Remedy)
	// whether copies are written, given free space; nil: always
	Copies func(durable.Space) bool
	// the same without a message to the user, by several goroutines at once; nil: Copies
	HasSpace func(durable.Space) bool

	// Known tells whether a recorded version has the content id for certain. Several goroutines may
	// call it at once. nil: never.
	Known func(id object.ID) bool
}

// Lock makes this process the only writer, and waits until it can be: for ten minutes, after which
// it returns a *refusal.Error. A Repo may be locked again, with other options.
func (r *Repo) Lock(ctx context.Context, o WriteOptions) (*Writer, error) {
	if err := r.work.Lock(ctx); err != nil {
		return nil, err
	}
	return r.writer(o), nil
}

// TryLock is Lock without waiting: ErrBusy tells that another process is the writer.
func (r *Repo) TryLock(o WriteOptions) (*Writer, error) {
	ok, err := r.work.TryLock()
	if err == nil && !ok {
		err = ErrBusy
	}
	if err != nil {
		return nil, err
	}
	return r.writer(o), nil
}

// Unlock ends every Writer: other processes may write. The destination stays open for reading.
func (r *Repo) Unlock() error { return r.work.Unlock() }

// AddRemote gives the repository a remote, as git remote add does.
func (r *Writer) AddRemote(name, url string) error { return r.work.AddRemote(name, url) }

func (r *Repo) writer(o WriteOptions) *Writer {
	if o.Warn == nil {
		o.Warn = r.opts.Warn
	}
	r.work.SetWarn(o.Warn)
	r.work.SetCopies(o.Copies, o.HasSpace)
	r.work.SetKnown(o.Known)
	return &Writer{Repo: r}
}

// Ran notes that a run over everything has ended. good tells that it captured everything.
func (r *Writer) Ran(when time.Time, good bool) error {
	return runstate.WriteLastRun(r.work.StateDir, when, good)
}

// Repair is Verify, and makes again what can be made from the history. The history itself is never
// touched.
func (r *Writer) Repair(ctx context.Context, o verify.Options) (*verify.Summary, error) {
	o.Repair = true
	return verify.Run(ctx, r.work, r.Start, o)
}

// RollUp merges packs and brings git's commit-graph up to tip where that is due. versions is how
// many the run has committed. It also notes that what the run wrote is whole.
func (r *Writer) RollUp(ctx context.Context, tip object.ID, versions int) error {
	defer r.work.Made.Drop()
	err := r.maintenance.RollUp(ctx, tip, versions)
	r.noteWritten(tip)
	return err
}
