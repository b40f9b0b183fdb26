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
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/watch/cache"
	"timemachine/watch/capture"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
	"timemachine/watch/scan"
	"timemachine/watch/slow"
)

// RunOptions says what a run scans, and where it records.
type RunOptions struct {
	Config          *config.Config
	Repo            *repo.Repo
	Own             own.Places // what this process writes, which is never a source
	Wait            bool       // wait for another run to end; else repo.ErrBusy
	Only            []string   // absolute paths: only these, without deletions; nil: everything
	OnlyFolders     []string   // with Only: these folders too, without what lies in them
	Reread          bool       // read each path of Only, whatever its stat says
	AcceptDeletions []string   // absolute paths below which no deletion is held back
	// Restored holds the commit of the version that each of some paths was brought back from.
	Restored map[string]object.ID
	// Opened holds the mode that files had before the caller let their owner read them. It is the
	// one to be recorded.
	Opened map[string]uint32
	// Part holds paths that may have changed since the last run. The run looks at these alone, and
	// records of them what a run over everything would. nil: a run over everything.
	Part  []scan.Path
	Watch scan.FolderWatch // may be nil
	// Removed are paths that the caller has removed, also without Only: their deletion is recorded.
	Removed []string
	// Found is called once, before anything is recorded, with the number of files and links that
	// are new, and their size in bytes. nil: nobody asks.
	Found  func(files int, bytes int64)
	Clock  func() time.Time
	Report Reporter // never nil
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
	Sources  int    // number of files and links found
	Events   map[record.Event]int
	Versions int
	Folders  int   // versions among them of folders that took no file's place
	Problems int   // without warnings
	Bytes    int64 // content of the versions
	Elapsed  time.Duration
	Tip      object.ID
	Contents map[string]object.ID // with Reread: what each path of Only holds, as recorded
	Pruned   repo.Pruned          // copies that are not kept any more

	// Undecided says that a run over Part recorded nothing, and left it to a run over everything.
	Undecided bool
}

// isPartial tells whether a run scans some paths only.
func (o *RunOptions) isPartial() bool {
	return o.Only != nil || o.OnlyFolders != nil || o.Removed != nil
}

// raceTries is how many times a run starts again after another program moved the branch.
const raceTries = 10

// run is one run under way.
type run struct {
	RunOptions
	ctx     context.Context
	summary *Summary
	cache   *cache.Cache
	scanned *scan.Scan
	links   hardLinks
	own     *own.Set // which is never a source
	writer  *repo.Writer
	base    object.ID // the tip before this run

	ignoring atomic.Int64 // nanoseconds spent on lines that are ignored
	tx       *repo.Tx
	started  time.Time

	ordinary  int       // number of changes before the first flood
	began     time.Time // when recording began
	published time.Time // when a batch was published last

	owners  disk.OwnerNames
	deleted map[disk.Inode][]deletedFile // in this run; a file may have got a new name
	space   spaceBudget

	reader capture.DestReader

	patience         *capture.Patience
	slow, slowBefore slow.Sources   // now, and as the last run left them
	waiting          []scan.Change  // of users whose large files have taken their time
	unread           []scan.Problem // of sources, to be reported in the order of their paths

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
	if !r.isPartial() {
		r.patience = &capture.Patience{Limit: slow.UserTime}
	}
	r.started = o.Clock()
	r.summary = &Summary{Scan: scanName(r.started), Events: map[record.Event]int{}}
	all := func() error { return durable.Guard(r.runOnce) }
	err = all()
	for lost := 0; durable.IsTooMuch(err) && r.reduceBudget(err) || r.lostRace(err, &lost); {
		err = all()
	}
	if err == nil && !r.isPartial() {
		r.keepCopies()
		r.warnOfLimit()
	}
	if err == nil && !r.isPartial() && r.Part == nil {
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
	if r.cache, err = cache.Load(r.ctx, r.Repo, tip); err != nil {
		return err
	}
	defer r.cache.Close()
	defer r.reportUnread()
	if r.Reread {
		r.summary.Contents = map[string]object.ID{}
		for _, path := range slices.Concat(r.Only, r.OnlyFolders) {
			r.cache.Doubt(path)
		}
	}
	r.blobs = r.cache.Blobs()
	changes, err := r.findChanges()
	if err != nil {
		return err
	}
	changes = r.withinBudget(r.withoutPaused(changes))
	r.tellFound(changes)
	r.ordinary = sortForCommit(changes, r.Repo.Fold, uint32(os.Geteuid()))
	r.cache.Tip, r.summary.Tip, r.base = tip, tip, tip
	if len(changes) > 0 {
		r.cache.Forget() // scanned from end to end; few of its states are needed again
		r.noteCopyPolicy()
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

// tellFound tells the caller once what is new. Other changes show only when they are read.
func (r *run) tellFound(changes []scan.Change) {
	if r.Found == nil {
		return
	}
	files, bytes := 0, int64(0)
	for i := range changes {
		if c := &changes[i]; (c.Before == nil || c.Before.Deleted) && !c.Deleted && !c.File.Stat.IsDir() {
			files++
			bytes += changeSize(c)
		}
	}
	r.Found(files, bytes)
	r.Found = nil
}

// withoutPaused leaves out the slow sources that are not tried now. In a run over some paths only,
// nothing is left out: somebody has asked for them.
func (r *run) withoutPaused(changes []scan.Change) []scan.Change {
	if r.isPartial() {
		return changes
	}
	if r.slow == nil {
		r.slowBefore = slow.Read(r.Repo.State())
		r.slow = r.slowBefore
	}
	known := r.slow
	changes, r.slow = known.Unpaused(changes, r.Clock(), r.reportProblem)
	if r.Part != nil { // the others are as slow as they were
		known = maps.Clone(known)
		maps.Copy(known, r.slow)
		r.slow = known
	}
	return changes
}

// saveSlow notes the slow sources for the next run, where they are others than before.
func (r *run) saveSlow() error {
	if r.isPartial() || maps.Equal(r.slow, r.slowBefore) {
		return nil
	}
	return r.slow.Save(r.Repo.State())
}

// findChanges scans and returns the changes. It reports what the scan could not read.
func (r *run) findChanges() ([]scan.Change, error) {
	s, err := r.scan()
	if err != nil {
		return nil, err
	}
	watched := r.Config
	if r.isPartial() {
		watched = nil
	}
	changes, unseen := scan.Compare(s, r.cache, watched)
	r.summary.Sources = s.Sources
	r.scanned, r.links = s, hardLinks{recorded: map[string]string{}}
	problems := scan.RaiseKnown(s.Problems, r.cache)
	if watched != nil {
		deleted, held, missing := unseen.Deletions(r.AcceptDeletions)
		r.deleted = byInode(deleted)
		changes = append(changes, deleted...)
		problems = slices.Concat(problems, held, missing, unneeded(r.AcceptDeletions, deleted))
	}
	if r.summary.Undecided = s.Undecided; s.Undecided {
		return nil, nil // a part of it would be half a rename
	}
	changes = unseen.Settle(append(changes, r.removed()...))
	for _, p := range problems {
		if p.Warning {
			r.reportProblem(p)
		} else {
			r.unread = append(r.unread, p)
		}
	}
	return changes, nil
}

// removed returns the deletions of the known sources that the caller has removed.
func (r *run) removed() (deleted []scan.Change) {
	for _, path := range r.Removed {
		before := r.cache.FindLive(path)
		if before == nil {
			continue
		}
		deleted = append(deleted, scan.Change{File: &scan.File{Path: path, Entry: scan.SelectSource(r.Config, before)}, Before: before, Deleted: true})
	}
	return deleted
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

// scan scans everything, or the paths in Only or Part.
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
	if r.isPartial() {
		return scan.Paths(r.ctx, r.Config, r.Only, r.OnlyFolders, r.own, r.cache)
	}
	if r.Part != nil {
		return scan.Part(r.ctx, r.Config, r.Part, r.own, r.cache, r.Watch)
	}
	return scan.All(r.ctx, r.Config, r.own, r.cache, r.Watch)
}

// noteContent notes the content that a source's newest version holds.
func (r *run) noteContent(source string, content object.ID) {
	if r.summary.Contents != nil {
		r.summary.Contents[source] = content
	}
}

// reportUnread reports what the scan and the capture could not read together, by path. Sources are
// captured in the order of their mtimes, which tells a reader nothing.
func (r *run) reportUnread() {
	slices.SortStableFunc(r.unread, func(a, b scan.Problem) int { return disk.ComparePaths(a.Path, b.Path) })
	for _, p := range r.unread {
		r.reportProblem(p)
	}
	r.unread = nil
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
