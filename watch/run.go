// Package watch makes a run: it scans the watch list and records each source that changed.
//
// A run takes the destination's lock, scans, captures each changed source by a stable read, and
// commits the versions. A preview says what a run would record. A restore records the present state
// of a source before it replaces it.
package watch

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/watch/capture"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
	"timemachine/watch/scan"
)

// RunOptions says what a run scans, and where it records.
type RunOptions struct {
	Config          *config.Config
	Repo            *repo.Repo
	Own             own.Places // what this process writes, which is never a source
	Wait            bool       // wait for another run to end; else repo.ErrBusy
	Only            []string   // absolute paths: only these, without deletions; nil: everything
	Reread          bool       // read each path of Only, whatever its stat says
	AcceptDeletions []string   // absolute paths below which no deletion is held back
	Clock           func() time.Time
	Report          Reporter // never nil
}

// Reporter receives what a run does. A run calls it from one goroutine at a time.
type Reporter interface {
	Version(v record.Version) // after its commit is published
	Problem(p scan.Problem)
	Progress(done, total int64) // number of sources read, and to read
}

// Summary is what a run did.
type Summary struct {
	Scan     string // the run's name in its records
	Sources  int    // number of sources found
	Events   map[record.Event]int
	Versions int
	Problems int   // without warnings
	Bytes    int64 // content of the versions
	Elapsed  time.Duration
	Tip      object.ID
	Contents map[string]object.ID // with Reread: what each path of Only holds, as recorded
}

// raceTries is how many times a run starts again after another program moved the branch.
const raceTries = 10

// run is one run under way.
type run struct {
	RunOptions
	ctx     context.Context
	summary *Summary
	cache   *scan.Cache
	own     *own.Set // which is never a source
	writer  *repo.Writer
	tx      *repo.Tx
	started time.Time

	ordinary  int       // number of changes before the first flood
	began     time.Time // when recording began
	published time.Time // when a batch was published last

	owners  OwnerNames
	deleted map[disk.Inode][]deletedFile // in this run; a file may have got a new name
	space   spaceBudget

	reader capture.DestReader

	patience         *capture.Patience
	slow, slowBefore slowSources   // now, and as the last run left them
	waiting          []scan.Change // of users whose large files have taken their time

	returned []string // sources that were missing when the run scanned, and are back

	// blobs returns the contents of the newest versions in the cache. It is seldom called.
	blobs func() map[object.ID]bool
}

// Run scans once and records the sources that changed. Problems with single sources are reported
// and counted in the Summary, and do not end the run. The error says that the run failed as a
// whole.
func Run(ctx context.Context, o RunOptions) (*Summary, error) {
	r := &run{RunOptions: o, ctx: ctx}
	if err := r.lock(); err != nil {
		return nil, err
	}
	owner, err := o.Repo.Owner()
	if err == nil {
		r.reader, err = capture.NewDestReader(owner)
	}
	if err != nil {
		return nil, err
	}
	defer r.reader.Close()
	if o.Only == nil {
		r.patience = &capture.Patience{Limit: userTime}
	}
	r.started = o.Clock()
	r.summary = &Summary{Scan: scanName(r.started), Events: map[record.Event]int{}}
	all := func() error { return durable.Guard(r.runOnce) }
	err = all()
	for lost := 0; durable.IsTooMuch(err) && r.reduceBudget(err) || r.lostRace(err, &lost); {
		err = all()
	}
	if err == nil && o.Only == nil {
		if rerr := r.writer.Ran(o.Clock(), r.summary.Problems == 0); rerr != nil {
			r.reportProblem(scan.Problem{Path: o.Repo.Path(), Msg: "when the last run was could not be noted", Err: durable.WithoutPath(rerr), Warning: true})
		}
	}
	r.summary.Elapsed = o.Clock().Sub(r.started)
	return r.summary, o.Repo.FullError(err)
}

// lostRace tells whether another program, such as git commit, moved the branch before the run did.
// It prepares the run to start again, at most raceTries times.
func (r *run) lostRace(err error, lost *int) bool {
	var state *refusal.Error
	if !errors.As(err, &state) || state.Kind != refusal.Moved || *lost == raceTries || r.ctx.Err() != nil {
		return false
	}
	*lost++
	r.restart()
	return true
}

// lock makes this process the only writer.
func (r *run) lock() (err error) {
	o := repo.WriteOptions{
		Warn: func(path, msg string, what refusal.Remedy) {
			r.reportProblem(scan.Problem{Path: path, Msg: msg, Remedy: what, Warning: true})
		},
		Copies:   r.spaceForCopies,
		HasSpace: r.Config.KeepsCopies,
		Known:    func(id object.ID) bool { return r.blobs()[id] },
	}
	if r.Wait {
		r.writer, err = r.Repo.Lock(r.ctx, o)
	} else {
		r.writer, err = r.Repo.TryLock(o)
	}
	return err
}

// scanName returns a name for a run that begins at t.
func scanName(t time.Time) string {
	var b [2]byte
	rand.Read(b[:])
	return t.UTC().Format("20060102T150405Z-") + hex.EncodeToString(b[:])
}

// runOnce scans and records once, on top of the present tip.
func (r *run) runOnce() error {
	tip, err := r.writer.StartUnchanged(r.ctx)
	if err != nil {
		return err
	}
	if r.cache, err = scan.Load(r.ctx, r.Repo, tip); err != nil {
		return err
	}
	defer r.cache.Close()
	if r.Reread {
		r.summary.Contents = map[string]object.ID{}
		for _, path := range r.Only {
			r.cache.Doubt(path)
		}
	}
	r.blobs = sync.OnceValue(r.cache.Blobs)
	changes, err := r.findChanges()
	if err != nil {
		return err
	}
	changes = r.withinBudget(r.withoutPaused(changes))
	r.ordinary = sortForCommit(changes, r.Repo.Fold, uint32(os.Geteuid()))
	r.cache.Tip, r.summary.Tip = tip, tip
	if len(changes) > 0 {
		if err := r.writeChanges(tip, changes); err != nil {
			return err
		}
	}
	r.reportOmitted()
	if err := errors.Join(r.cache.Save(r.Repo.State()), r.saveSlow()); err != nil {
		r.reportProblem(scan.Problem{Path: r.Repo.Path(), Msg: "what this run knows could not be noted", Remedy: refusal.Remedy{Kind: scan.ChangesAreReadAgain}, Err: durable.WithoutPath(err), Warning: true})
	}
	return nil
}

// findChanges scans and returns the changes. It reports what the scan could not read.
func (r *run) findChanges() ([]scan.Change, error) {
	s, err := r.scan()
	if err != nil {
		return nil, err
	}
	watched := r.Config
	if r.Only != nil {
		watched = nil
	}
	changes, unseen := scan.Compare(s, r.cache, watched)
	r.summary.Sources = s.Sources
	problems := s.Problems
	if watched != nil {
		deleted, held, missing := unseen.Deletions(r.AcceptDeletions)
		r.deleted = byInode(deleted)
		changes = append(changes, deleted...)
		problems = slices.Concat(problems, held, missing, unneeded(r.AcceptDeletions, deleted))
	}
	changes = unseen.Settle(changes)
	for _, p := range problems {
		r.reportProblem(p)
	}
	return changes, nil
}

// unneeded returns a warning for each accepted path at or below which nothing is found deleted: it
// may be mistyped.
func unneeded(accepted []string, deleted []scan.Change) (problems []scan.Problem) {
	for _, path := range accepted {
		if !slices.ContainsFunc(deleted, func(c scan.Change) bool { return disk.Inside(c.File.Path, path) }) {
			problems = append(problems, scan.Problem{Path: path, Msg: "nothing known is gone at or below it: no deletion to accept", Warning: true})
		}
	}
	return problems
}

// scan scans everything, or the paths in Only.
func (r *run) scan() (*scan.Scan, error) {
	r.own = r.Own.Find(r.Repo.Path())
	folder, parts, err := r.Repo.Folders()
	if err != nil {
		return nil, err
	}
	var inodes []disk.Inode
	for i := range parts {
		inodes = append(inodes, disk.Inode{Dev: parts[i].Dev, Ino: parts[i].Ino})
	}
	r.own.SetDestination(disk.Inode{Dev: folder.Dev, Ino: folder.Ino}, inodes)
	if r.Only != nil {
		return scan.Paths(r.ctx, r.Config, r.Only, r.own, r.cache)
	}
	return scan.All(r.ctx, r.Config, r.own, r.cache)
}

// noteContent notes the content that a source's newest version holds.
func (r *run) noteContent(source string, content object.ID) {
	if r.summary.Contents != nil {
		r.summary.Contents[source] = content
	}
}

// reportProblem counts a problem and reports it, unless the run did so before it started again.
func (r *run) reportProblem(p scan.Problem) {
	if !p.Warning {
		r.summary.Problems++
	}
	if r.space.isNew(&p) {
		r.Report.Problem(p)
	}
}
