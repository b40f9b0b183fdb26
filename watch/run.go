// Package watch makes a run: it scans the watch list and records each source that changed.
//
// A run takes the destination's lock, scans, captures each changed source by a
// stable read, and commits the versions. A preview says what a run would
// record. A restore records the present state of a source before it replaces it.
package watch

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// RunOptions says what a run looks at.
type RunOptions struct {
	Config          *config.Config
	Repo            *repo.Repo
	Wait            bool     // wait for another run to end; else ErrBusy
	Only            []string // absolute paths: these alone, and no deletions; nil: everything
	AcceptDeletions []string // absolute paths below which what is gone counts as deleted
	Clock           func() time.Time
	Report          Reporter // never nil
}

// Reporter is told what a run does, from one goroutine at a time.
type Reporter interface {
	Version(v record.Version) // committed
	Problem(p scan.Problem)
	Progress(done, total int64) // sources looked into, of how many
}

// Summary is what a run did.
type Summary struct {
	Scan     string
	Sources  int // watched and found
	Events   map[record.Event]int
	Versions int
	Problems int   // not counting warnings
	Bytes    int64 // of the versions' content
	Elapsed  time.Duration
	Tip      object.ID
}

// ErrBusy is returned when another run is at work in the destination.
var ErrBusy = errors.New("another run is at work")

const (
	perPart = 4096 // changes captured before the next are begun, a publication can come between
	perTask = 16   // of them, that one goroutine captures at a time

	raceTries = 10 // times that a run begins again which has lost the race for the branch
)

// run is one run under way.
type run struct {
	RunOptions
	ctx     context.Context
	summary *Summary
	cache   *scan.Cache
	tx      *repo.Tx
	started time.Time
	owners  ownerNames
	deleted map[scan.Inode][]deletedFile // deletions of this run, whose inodes may have appeared elsewhere
	space   spaceBudget

	blobs func() map[object.ID]bool // those of the newest versions, as the cache has them; it is seldom asked for
}

// Run looks at what is watched once and records what changed. The error means that the run failed
// as a whole; what is wrong with single sources is reported, counted in the Summary, and stops
// nothing else.
func Run(ctx context.Context, o RunOptions) (*Summary, error) {
	if err := lock(ctx, &o); err != nil {
		return nil, err
	}
	started := o.Clock()
	r := &run{RunOptions: o, ctx: ctx, started: started, summary: &Summary{Scan: scanName(started), Events: map[record.Event]int{}}}
	o.Repo.Configure(repo.WriteOptions{
		Warn: func(path, msg, hint string) {
			r.reportProblem(scan.Problem{Path: path, Msg: msg, Hint: hint, Warning: true})
		},
		Copies:  r.spaceForCopies,
		HasRoom: r.Config.KeepsCopies,
		Known:   func(id object.ID) bool { return r.blobs()[id] },
	})
	all := func() error { return durable.Guard(r.runOnce) }
	err := all()
	for lost := 0; durable.IsTooMuch(err) && r.reduceBudget(err) || r.lostRace(err, &lost); {
		err = all()
	}
	if err == nil && o.Only == nil {
		if rerr := o.Repo.Ran(o.Clock(), r.summary.Problems == 0); rerr != nil {
			r.reportProblem(scan.Problem{Path: o.Repo.Dest(), Msg: "when the last run was could not be noted", Err: durable.WithoutPath(rerr), Warning: true})
		}
	}
	r.summary.Elapsed = o.Clock().Sub(started)
	return r.summary, o.Repo.FullError(err)
}

// lostRace tells whether another program, a git commit say, has moved the branch before the run
// could. The run begins again on top of that, but not for ever.
func (r *run) lostRace(err error, lost *int) bool {
	var state *refusal.Error
	if !errors.As(err, &state) || state.Kind != refusal.Moved || *lost == raceTries || r.ctx.Err() != nil {
		return false
	}
	*lost++
	r.restart()
	return true
}

func lock(ctx context.Context, o *RunOptions) error {
	if o.Wait {
		return o.Repo.Lock(ctx)
	}
	ok, err := o.Repo.TryLock()
	if err == nil && !ok {
		err = ErrBusy
	}
	return err
}

func scanName(t time.Time) string {
	var b [2]byte
	rand.Read(b[:])
	return t.UTC().Format("20060102T150405Z-") + hex.EncodeToString(b[:])
}

func (r *run) runOnce() error {
	tip, err := r.Repo.StartLook(r.ctx)
	if err != nil {
		return err
	}
	know, err := scan.Load(r.ctx, r.Repo, tip)
	if err != nil {
		return err
	}
	r.cache = know
	defer know.Close()
	r.blobs = sync.OnceValue(know.Blobs)
	found, err := r.scan()
	if err != nil {
		return err
	}
	watched := r.Config
	if r.Only != nil {
		watched = nil
	}
	changes, absent := scan.Compare(found, r.cache, watched)
	r.summary.Sources = found.Sources
	if watched != nil {
		deleted, held, missing := absent.Deletions(r.AcceptDeletions)
		r.deleted = byInode(deleted)
		changes = append(changes, deleted...)
		found.Problems = append(append(found.Problems, held...), missing...)
	} else {
		changes = append(changes, scan.Displaced(changes, r.cache)...)
	}
	for _, p := range found.Problems {
		r.reportProblem(p)
	}
	scan.SortForCommit(changes, r.Repo.Fold)
	changes = r.withinBudget(changes)
	r.cache.Tip, r.summary.Tip = tip, tip
	if len(changes) > 0 {
		if err := r.writeChanges(tip, changes); err != nil {
			return err
		}
	}
	r.reportOmitted()
	if err := r.cache.Save(r.Repo.State()); err != nil {
		r.reportProblem(scan.Problem{Path: r.Repo.Dest(), Msg: "what this run knows could not be noted", Hint: "the next run reads every file that changed again", Err: durable.WithoutPath(err), Warning: true})
	}
	return nil
}

// scan scans all that is watched, or the paths that the run is about.
func (r *run) scan() (*scan.Scan, error) {
	dev, ino, err := r.Repo.Root()
	if err != nil {
		return nil, err
	}
	dest := scan.Inode{Dev: dev, Ino: ino}
	if r.Only != nil {
		return scan.Paths(r.ctx, r.Config, r.Only, dest, r.cache)
	}
	return scan.All(r.ctx, r.Config, dest, r.cache)
}

func (r *run) reportProblem(p scan.Problem) {
	if !p.Warning {
		r.summary.Problems++
	}
	if r.space.isNew(&p) {
		r.Report.Problem(p)
	}
}
