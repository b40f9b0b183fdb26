// Package watch makes a run: it scans the watch list and records each source that changed.
//
// A run takes the destination's lock, scans, captures each changed source by a
// stable read, and commits the versions. A preview says what a run would
// record. A restore records the present state of a source before it replaces it.
package watch

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
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
	know    *scan.Cache
	tx      *repo.Tx
	started time.Time
	names   names
	renamed map[inode][]absentee // deletions of this run, whose inodes may have appeared elsewhere
	room    room

	contents func() map[object.ID]bool // those of the newest versions, as the cache has them; it is seldom asked for
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
		Warn:    func(path, msg, hint string) { r.problem(scan.Problem{Path: path, Msg: msg, Hint: hint, Warning: true}) },
		Copies:  r.roomForCopies,
		HasRoom: r.Config.KeepsCopies,
		Known:   func(id object.ID) bool { return r.contents()[id] },
	})
	all := func() error { return durable.Guard(r.all) }
	err := all()
	for lost := 0; durable.IsTooMuch(err) && r.yield(err) || r.outrun(err, &lost); {
		err = all()
	}
	if err == nil && o.Only == nil {
		if rerr := o.Repo.Ran(o.Clock(), r.summary.Problems == 0); rerr != nil {
			r.problem(scan.Problem{Path: o.Repo.Dest(), Msg: "when the last run was could not be noted", Err: durable.WithoutPath(rerr), Warning: true})
		}
	}
	r.summary.Elapsed = o.Clock().Sub(started)
	return r.summary, o.Repo.FullError(err)
}

// outrun tells whether another program, a git commit say, has moved the branch before the run
// could. The run begins again on top of that, but not for ever.
func (r *run) outrun(err error, lost *int) bool {
	var state *refusal.Error
	if !errors.As(err, &state) || state.Kind != refusal.Moved || *lost == raceTries || r.ctx.Err() != nil {
		return false
	}
	*lost++
	r.beginAgain()
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

func (r *run) all() error {
	tip, err := r.Repo.StartLook(r.ctx)
	if err != nil {
		return err
	}
	know, err := scan.Load(r.ctx, r.Repo, tip)
	if err != nil {
		return err
	}
	r.know = know
	defer know.Close()
	r.contents = sync.OnceValue(know.Blobs)
	found, err := r.scan()
	if err != nil {
		return err
	}
	watched := r.Config
	if r.Only != nil {
		watched = nil
	}
	changes, absent := scan.Compare(found, r.know, watched)
	r.summary.Sources = found.Sources
	if watched != nil {
		deleted, held, missing := absent.Deletions(r.AcceptDeletions)
		r.renamed = byInode(deleted)
		changes = append(changes, deleted...)
		found.Problems = append(append(found.Problems, held...), missing...)
	} else {
		changes = append(changes, scan.Displaced(changes, r.know)...)
	}
	for _, p := range found.Problems {
		r.problem(p)
	}
	scan.SortForCommit(changes, r.Repo.Fold)
	changes = r.fitting(changes)
	r.know.Tip, r.summary.Tip = tip, tip
	if len(changes) > 0 {
		if err := r.write(tip, changes); err != nil {
			return err
		}
	}
	r.nameLeft()
	if err := r.know.Save(r.Repo.State()); err != nil {
		r.problem(scan.Problem{Path: r.Repo.Dest(), Msg: "what this run knows could not be noted", Hint: "the next run reads every file that changed again", Err: durable.WithoutPath(err), Warning: true})
	}
	return nil
}

// scan scans all that is watched, or the paths that the run is about.
func (r *run) scan() (*scan.Scan, error) {
	dev, ino, err := r.Repo.Root()
	if err != nil {
		return nil, err
	}
	dest := [2]uint64{dev, ino}
	if r.Only != nil {
		return scan.Paths(r.ctx, r.Config, r.Only, dest, r.know)
	}
	return scan.All(r.ctx, r.Config, dest, r.know)
}

// write records the changes on top of tip.
func (r *run) write(tip object.ID, changes []scan.Change) (err error) {
	if r.tx, err = r.Repo.Begin(r.ctx, tip, r.summary.Scan, upcoming(changes)); err != nil {
		return err
	}
	recorded := false
	defer func() { // also where what is known can no longer be read
		if !recorded {
			err = errors.Join(err, r.tx.Abort())
		}
	}()
	if err := r.record(changes); err != nil {
		return err
	}
	recorded = true
	if r.summary.Versions > 0 {
		if err := r.Repo.RollUp(r.ctx, r.tx.Tip(), r.summary.Versions); err != nil && r.ctx.Err() == nil {
			r.problem(scan.Problem{Path: r.Repo.Dest(), Msg: "could not be tidied: " + err.Error(), Hint: "the history is whole; packs are merged another time", Warning: true})
		}
	}
	r.know.Tip, r.summary.Tip = r.tx.Tip(), r.tx.Tip()
	return nil
}

// upcoming tells the repository of versions that follow others, as many as it needs to know.
func upcoming(changes []scan.Change) []repo.Upcoming {
	var some []repo.Upcoming
	for i := range changes {
		if len(some) == repo.MaxUpcoming {
			break
		}
		c := &changes[i]
		if before := c.Before.Content(); !before.IsZero() && c.Before.Stat != c.File.Stat {
			some = append(some, repo.Upcoming{Source: c.File.Path, Blob: before})
		}
	}
	return some
}

// record captures and commits the changes in their order, part by part.
func (r *run) record(changes []scan.Change) error {
	c := &capture{ctx: r.ctx, to: r.tx, clock: r.Clock, maxSize: r.Config.MaxSize}
	for done := 0; done < len(changes); {
		part := changes[done:min(done+perPart, len(changes))]
		if err := r.part(c, part, done, len(changes)); err != nil {
			return err
		}
		done += len(part)
		if r.tx.Full() || done == len(changes) {
			versions := r.tx.Versions()
			if err := r.tx.Publish(); err != nil {
				return err
			}
			r.published(versions)
		}
	}
	return nil
}

// captured is what came of looking into a change.
type captured struct {
	content
	err error
}

// part captures on all cores and commits in order. What changed since the scan saw it goes to the
// end, by its new mtime.
func (r *run) part(c *capture, part []scan.Change, done, total int) error {
	gots := make([]captured, len(part))
	ready := make([]chan struct{}, (len(part)+perTask-1)/perTask)
	for i := range ready {
		ready[i] = make(chan struct{})
	}
	ctx, stop := context.WithCancel(r.ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer stop()
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			var o opener
			defer o.close()
			for task := next.Add(1) - 1; task < int64(len(ready)); task = next.Add(1) - 1 {
				for i := int(task) * perTask; i < min(int(task+1)*perTask, len(part)) && ctx.Err() == nil; i++ {
					if !part[i].Deleted {
						gots[i].content, gots[i].err = c.take(&part[i], &o)
					}
				}
				close(ready[task])
			}
		})
	}
	var late []int
	for i := range part {
		if i%perTask == 0 {
			<-ready[i/perTask]
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if gots[i].err == nil && !part[i].Deleted && !gots[i].key.Mtime().Equal(part[i].File.Stat.Mtime()) {
			late = append(late, i)
			continue
		}
		if err := r.settle(&part[i], &gots[i]); err != nil {
			return err
		}
		r.Report.Progress(int64(done+i+1), int64(total))
	}
	slices.SortFunc(late, func(a, b int) int {
		return cmp.Or(gots[a].key.Mtime().Compare(gots[b].key.Mtime()), a-b)
	})
	for _, i := range late {
		if err := r.settle(&part[i], &gots[i]); err != nil {
			return err
		}
	}
	return nil
}

// settle records one change, or says why it cannot be.
func (r *run) settle(ch *scan.Change, got *captured) error {
	if ch.Deleted {
		return r.delete(ch)
	}
	if got.err != nil {
		return r.failed(ch, got.err)
	}
	event := classify(ch.Before, &got.content, r.Config.IgnoreTouched)
	if event == "" {
		ch.Before.Stat, ch.Before.Doubtful, ch.Before.TornRuns = got.key, got.doubt, 0
		r.know.MarkChanged(ch.Before)
		return nil
	}
	rec := record.Record{Event: event, Source: ch.File.Path, Mtime: got.key.Mtime(), Mode: got.key.Mode & 0o7777, Link: got.link,
		UID: got.key.UID, GID: got.key.GID, User: r.names.user(got.key.UID), Group: r.names.group(got.key.GID),
		Size: got.size, Blob: got.blob, Torn: got.torn}
	newest := true
	if ch.Before != nil {
		rec.Previous = ch.Before.Commit
		newest = got.key.Mtime().Truncate(time.Microsecond).After(ch.Before.LatestMtime)
	}
	if event == record.Added {
		rec.RenamedFrom = r.renamedFrom(&got.key)
	}
	return r.commit(ch, rec, got, newest)
}

func (r *run) commit(ch *scan.Change, rec record.Record, got *captured, newest bool) error {
	v, err := r.tx.Commit(rec, got.at, newest)
	var long *layout.TooLongError
	if errors.As(err, &long) {
		r.problem(scan.Problem{Path: ch.File.Path, Msg: "has too long a path to be checked out again", Err: err})
		return nil
	}
	if err != nil {
		return err
	}
	r.remember(&v, got)
	r.warnOfLimits(&v)
	return nil
}

func (r *run) remember(v *record.Version, got *captured) {
	k := r.know.FindOrAdd(v.Source)
	k.SetVersion(v)
	k.TornRuns = 0
	if got != nil {
		k.Stat, k.Doubtful = got.key, got.doubt || got.torn
	}
	r.know.MarkChanged(k)
}

// published tells of versions that are part of the history now.
func (r *run) published(versions []record.Version) {
	for i := range versions {
		v := &versions[i]
		r.summary.Events[v.Event]++
		r.summary.Versions++
		r.summary.Bytes += v.Size
		r.Report.Version(*v)
	}
}

func (r *run) delete(ch *scan.Change) error {
	rec := record.Record{Event: record.Deleted, Source: ch.File.Path, Previous: ch.Before.Commit, UID: ch.Before.UID, User: r.names.user(ch.Before.UID)}
	v, err := r.tx.Commit(rec, r.Clock(), true)
	if err != nil {
		return err
	}
	r.remember(&v, nil)
	return nil
}

// failed reports a source that could not be captured; an error that is not the source's own ends
// the run.
func (r *run) failed(ch *scan.Change, err error) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	p := scan.Problem{Path: ch.File.Path, Err: durable.WithoutPath(err)}
	switch {
	case errors.Is(err, errTorn):
		p.Msg, p.Err, p.Hint = "changed while it was read", nil, fmt.Sprintf("the next run tries again; after %d such runs it is stored as read", tornRuns)
		if ch.Before == nil {
			ch.Before = r.know.FindOrAdd(ch.File.Path)
			ch.Before.Deleted = true
		}
		ch.Before.TornRuns++
		r.know.MarkChanged(ch.Before)
	case errors.Is(err, errTooLarge):
		p.Msg, p.Err = fmt.Sprintf("is larger than max-size (%d bytes): skipped", r.Config.MaxSize), nil
	case !isSourceError(err):
		return err // the destination's: it names what of it is meant
	case durable.IsMissing(err):
		p.Msg, p.Err = "vanished before it was read", nil
	default:
		p.Msg = "cannot be read"
	}
	r.problem(p)
	return nil
}

func (r *run) problem(p scan.Problem) {
	if !p.Warning {
		r.summary.Problems++
	}
	if r.room.news(&p) {
		r.Report.Problem(p)
	}
}
