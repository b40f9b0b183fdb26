package projection

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/gitindex"
	"timemachine/repo/internal/ownpacks"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Published is what a run has just made part of the history.
type Published struct {
	Base, Tip object.ID          // where the branch was and is
	Versions  []*record.Version  // committed between, oldest first
	Contents  *ownpacks.Contents // what is still in memory of them
	Pending   bool               // the work tree was not up to date with Base: its mark stays
	More      bool               // another part of the run follows, which may write the index
}

// UpdatePublished brings copies/, files/ and the index up to date with what was just published.
// locked is git's lock of the index.
func (r *Projection) UpdatePublished(ctx context.Context, done Published, locked *gitindex.Lock) error {
	job := updateJob{Base: done.Base, Tip: done.Tip, Versions: done.Versions, Contents: done.Contents, Index: locked,
		Start: atBase, Bulk: r.bulkDurability(), Marked: true, More: done.More, Warn: r.Opts.Warn}
	if done.Pending {
		job.Start = beforeBase
	}
	return r.remakeDamaged(ctx, r.run(ctx, job), &job)
}

// CatchUp brings an index up to date with tip that the parts of a run have left behind. Where the
// branch or the work tree has changed hands meanwhile, that is left to the next run.
func (r *Projection) CatchUp(ctx context.Context, tip object.ID, locked *gitindex.Lock) error {
	at, err := r.Commits.Tip()
	if err != nil || at != tip || !locked.IsBehind() || r.Index.ForeignWork() != "" {
		return err
	}
	return r.UpdatePublished(ctx, Published{Base: tip, Tip: tip, Pending: locked.Left().Pending}, locked)
}

// bulkDurability is how many files get onto the disk that a pending mark covers.
func (r *Projection) bulkDurability() durability {
	if r.moment() != "" {
		return leftToSystem
	}
	return wholeFS
}

// run updates copies/, files/ and the index. A damaged index is an *index.DamagedError.
func (r *Projection) run(ctx context.Context, job updateJob) error {
	u, err := r.newUpdate(ctx, job)
	if err != nil {
		return err
	}
	copying := u.askForSpace()
	u.copying.Store(copying)
	if err := u.write(); err != nil {
		return err
	}
	if u.Contents != nil {
		u.Contents.Written(u.Versions) // the index takes memory, too
	}
	if u.spaceShort.Load() {
		u.askForSpace() // which says so
	}
	u.copiesOmitted = u.copiesOmitted || copying && !u.copying.Load()
	synced, err := u.beginSync()
	if err != nil {
		return err
	}
	return u.finishBeside(synced)
}

// beginSync puts files/ and copies/ on disk. Where a pending mark covers them, it does so while the
// index is written, and wait returns when it is done. Without a mark, nothing would tell the next
// run that the index is ahead of them: they are on disk when beginSync returns.
func (u *update) beginSync() (wait func() error, err error) {
	if !u.Marked {
		return func() error { return nil }, u.sync()
	}
	synced := make(chan error, 1)
	go func() { synced <- u.sync() }()
	return func() error { return <-synced }, nil
}

// remakeDamaged makes the index anew from the history where a job failed because the index is
// damaged; it returns err otherwise. What copies/ lacks of the job's versions has been noted.
func (r *Projection) remakeDamaged(ctx context.Context, err error, job *updateJob) error {
	var damaged *index.DamagedError
	if !errors.As(err, &damaged) {
		return err
	}
	job.Index.Release()
	if there, err := r.Git.Exists("index"); err != nil || there { // Recover sees where it is gone
		r.Index.Flaw = damaged
	}
	return r.Recover(ctx, job.Tip, job.Start != beforeBase)
}

// update is a job under way.
type update struct {
	updateJob
	outcome
	p          *Projection
	ctx        context.Context
	durability durability

	// Paths whose place in files/ another path has, at Base and at Tip: Commits.Collisions.
	collisionsBefore, collisions map[string]string
	there                        map[string]bool // sources whose first version here ends one
	copying                      atomic.Bool     // copies are written: not once the disk is full
	fullReported                 atomic.Bool     // a full disk was warned of
	spaceShort                   atomic.Bool     // copying ended because free space is short
	filesLeft                    atomic.Int64    // that are to be written to files/ yet
}

func (r *Projection) newUpdate(ctx context.Context, job updateJob) (u *update, err error) {
	u = &update{updateJob: job, outcome: outcome{pending: job.Start == beforeBase}, p: r, ctx: ctx, durability: job.Bulk, there: map[string]bool{}}
	u.collisions, err = r.Collisions(job.Tip)
	return u, err
}

// write writes files/ and copies/.
func (u *update) write() (err error) {
	newest := map[string]int{}
	var deleted, written []int
	for i := range u.Versions {
		v := u.Versions[i]
		_, again := newest[v.Source]
		if !again && v.IsOnlyFolder() {
			continue
		}
		if !again && !v.HasContent() {
			u.there[v.Source] = true
		}
		newest[v.Source] = i
		if !v.HasContent() {
			deleted = append(deleted, i)
		} else {
			written = append(written, i)
		}
	}
	if len(deleted) > 0 {
		if u.collisionsBefore, err = u.p.Collisions(u.Base); err != nil {
			return err
		}
	}
	if u.Index.Held() {
		u.filesLeft.Store(int64(max(0, len(newest)-len(deleted))))
	}
	if len(written) <= durable.SyncEach {
		u.durability = eachFile
	}
	byPath := func(a, b int) int { return cmp.Or(strings.Compare(u.Versions[a].Source, u.Versions[b].Source), a-b) }
	slices.SortFunc(deleted, byPath)
	slices.SortFunc(written, byPath)
	// Deletions first: they free the names that others take.
	err = u.writeParts(u.parts(deleted, len(deleted)), newest)
	if err == nil {
		err = u.writeParts(u.parts(written, perWriter), newest)
	}
	if err == nil {
		err = u.reportFreedPaths(u.collisionsBefore)
	}
	return err
}

// perWriter is how many versions, in the order of their paths, one goroutine writes at a time.
const perWriter = 256

// parts divides versions in the order of their paths into parts of about n, those of one source in
// one part.
func (u *update) parts(order []int, n int) [][]int {
	var parts [][]int
	for len(order) > 0 {
		end := min(n, len(order))
		for end < len(order) && u.Versions[order[end]].Source == u.Versions[order[end-1]].Source {
			end++
		}
		parts = append(parts, order[:end])
		order = order[end:]
	}
	return parts
}

// warning is what a writer has to say, kept until its turn.
type warning struct {
	path, msg string
	what      refusal.Remedy
}

// partDone is what came of one part.
type partDone struct {
	changes  []index.Change
	warnings []warning
}

// writeParts writes the parts, several at once, and collects what came of them in their order.
func (u *update) writeParts(parts [][]int, newest map[string]int) error {
	done := make([]partDone, len(parts))
	var next atomic.Int64
	var workers sync.WaitGroup
	writers := make([]*writer, min(runtime.GOMAXPROCS(0), len(parts)))
	for n := range writers {
		var warnings []warning
		w := u.newWriter(n, func(path, msg string, what refusal.Remedy) { warnings = append(warnings, warning{path, msg, what}) })
		writers[n] = w
		workers.Go(func() {
			defer w.close()
			for i := next.Add(1) - 1; i < int64(len(parts)) && u.ctx.Err() == nil; i = next.Add(1) - 1 {
				for _, v := range parts[i] {
					source := u.Versions[v].Source
					w.write(u.Versions[v], newest[source] == v && !u.OutOfTree[source])
				}
				done[i] = partDone{w.changes, warnings}
				w.changes, warnings = nil, nil
			}
		})
	}
	workers.Wait()
	for _, w := range writers {
		u.take(w)
	}
	total := 0
	for i := range done {
		total += len(done[i].changes)
	}
	u.changes = slices.Grow(u.changes, total)
	for i := range done {
		u.changes = append(u.changes, done[i].changes...)
		for _, w := range done[i].warnings {
			u.Warn(w.path, w.msg, w.what)
		}
	}
	return u.ctx.Err()
}

// reportFreedPaths names the paths that have a place in files/ now which another path had before.
// What stood there was removed with that.
func (u *update) reportFreedPaths(before map[string]string) error {
	if len(before) == 0 {
		return nil
	}
	tree, err := u.p.Files(u.Tip)
	if err != nil {
		return err
	}
	for _, c := range u.changes {
		if !c.Remove {
			delete(before, c.Path) // written by this update
		}
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if _, there := tree[path]; there && u.collisions[path] == "" {
			u.Warn(path, "has a place of its own now", u.p.Remedy(refusal.RepairFiles, ""))
		}
	}
	return nil
}

// finish is finishBeside for files that are on disk already.
func (u *update) finish() error { return u.finishBeside(func() error { return nil }) }

// finishBeside writes the index, and removes the pending mark when synced has returned as well. Or
// it leaves both to the next part of the run.
func (u *update) finishBeside(synced func() error) error {
	whole, err := u.writeIndex()
	if serr := synced(); serr != nil {
		err = serr
	}
	if err != nil || !whole {
		return err
	}
	return u.clearMark()
}

// writeIndex writes the index, or leaves it to the next part of the run. It tells whether the
// pending mark may go. What could not be written is listed: it is tried again by each run, and is
// no reason for the mark to stay.
func (u *update) writeIndex() (whole bool, err error) {
	if !u.Index.Held() {
		return false, nil
	}
	if err := u.updateAttributes(); err != nil {
		u.Warn(u.p.Folder.Path(dest.AttributesFile), "could not be written: "+durable.Reason(err), refusal.Remedy{Kind: refusal.NextRunRetries})
	}
	if err := u.updateXattrs(); err != nil {
		u.Warn(u.p.Folder.Path(dest.XattrsFolder), "could not be written: "+durable.Reason(err), u.p.Remedy(refusal.RepairFiles, ""))
	}
	if u.More {
		// before the changes are put off, since it may add to what is pending
		u.note(false)
		if u.Index.PutOff(u.Base, u.changes, gitindex.Left{Pending: u.pending, Unsynced: u.unsynced()}) {
			return false, nil
		}
	}
	err = u.bringIndex()
	var damaged *index.DamagedError
	if !errors.As(err, &damaged) {
		u.indexError = err
	}
	u.note(err == nil)
	if err != nil {
		u.Index.Release() // or the next part of the run would write it without these changes
	}
	if damaged != nil {
		return false, damaged
	}
	return !u.pending, nil
}

// unsynced tells whether this update, or a part of the run before it, left files to the system.
func (u *update) unsynced() bool {
	return u.durability == leftToSystem || u.Index.Left().Unsynced
}

// clearMark removes the pending mark, unless an earlier update needs it. Where files were left to
// the system, it notes how far files/ and copies/ have got instead.
func (u *update) clearMark() error {
	from := u.Index.Base(u.Base)
	base, pending, err := u.p.Pending(from)
	if err != nil || pending && base != from && !from.IsZero() {
		return err // an earlier update stays pending: what it could not write is not all listed
	}
	_, before := u.p.upToDateWith()
	if u.unsynced() || u.durability == eachFile && before {
		return runstate.WriteUpToDate(u.p.StateDir, u.p.moment(), u.Tip)
	}
	return runstate.ClearPending(u.p.StateDir)
}

// bringIndex brings the index up to date. One that has gone since the run began is damaged, too:
// the changes alone would make one that lacks everything else.
func (u *update) bringIndex() error {
	if u.Index.IsMissing() && !u.Index.Base(u.Base).IsZero() {
		return &index.DamagedError{Reason: "it is gone"}
	}
	return u.Index.BringTo(u.p.Index, u.changes, u.Tip)
}

// sync puts what was written on disk. Files that are synced one by one are on disk already: their
// folders, which may be new, remain.
func (u *update) sync() error {
	switch u.durability {
	case leftToSystem:
		return nil
	case wholeFS:
		return u.p.SyncAll()
	}
	w := durable.NewWalker(u.p.Folder)
	defer w.Close()
	for _, folder := range layout.WithParents(u.folders) {
		d, err := w.Dir(folder)
		if err == nil {
			err = d.Sync()
		}
		if err != nil && !durable.IsMissing(err) {
			return err
		}
	}
	return nil
}
