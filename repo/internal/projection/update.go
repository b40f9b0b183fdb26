package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// reportFreedPaths names the paths that have a place now which another had before. What stands
// there was removed with that.
func (f *Update) reportFreedPaths(before map[string]string) error {
	if len(before) == 0 {
		return nil
	}
	tree, err := f.p.Files(f.tip)
	if err != nil {
		return err
	}
	for _, c := range f.changes {
		if !c.Remove {
			delete(before, c.Path) // written in this follow
		}
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if _, there := tree[path]; there && f.collisions[path] == "" {
			f.warn(path, "has a place of its own now", f.p.Remedy(refusal.RepairFiles, ""))
		}
	}
	return nil
}

// Published is what a run has just made part of the history.
type Published struct {
	Base, Tip object.ID        // where the branch was and is
	Versions  []record.Version // committed between, oldest first
	Contents  *Contents        // what is still in memory of them
	Behind    bool             // the work tree was not up to date with Base: its mark stays
}

// FollowPublication brings copies/, files/ and the index up to what was just published. locked is
// git's lock of the index.
func (r *Projection) FollowPublication(ctx context.Context, done Published, locked *IndexLock) error {
	f := &Update{p: r, ctx: ctx, base: done.Base, tip: done.Tip, versions: done.Versions, held: done.Contents, Index: locked,
		upToDate: !done.Behind, mayRemoveFirst: true, leftToSystem: r.moment() != "", incomplete: done.Behind, warn: r.Opts.Warn}
	f.Copying.Store(f.spaceForCopies())
	return f.remakeIndex(f.run(), !done.Behind)
}

// Update brings copies/, files/ and the index up to commits that the branch has already. It can be
// done again without harm, which is how an earlier one that was cut short is healed.
type Update struct {
	p         *Projection
	ctx       context.Context
	base, tip object.ID        // the commits the work tree was and will be in step with
	versions  []record.Version // of the commits between, oldest first
	held      *Contents        // what is still in memory of them
	Index     *IndexLock
	warn      func(path, msg string, what refusal.Remedy)

	changes        []index.Change
	filesOnly      bool // copies/ is left as it is
	copiesMissing  bool // copies are left out for want of room
	Copying        atomic.Bool
	diskFull       atomic.Bool // the disk was said to be full
	upToDate       bool        // files/ had followed to base: what lies where nothing was tracked is none of ours
	mayRemoveFirst bool        // a mark covers it: what is in the way of many files may be removed before they are made
	leftToSystem   bool        // files that are not synced one by one are left to the system to put on disk
	each           bool        // files are synced one by one
	incomplete     bool        // files/ or the index could not follow
	touched        []string    // folders to be synced

	collisionsBefore, collisions map[string]string // paths whose place another had at base, and has at tip: crowdedOut
}

// run does it. What is to be decided about copies is decided before.
func (f *Update) run() (err error) {
	if f.collisions, err = f.p.Collisions(f.tip); err != nil {
		return err
	}
	newest := map[string]int{}
	var deleted, written []int
	for i := range f.versions {
		v := &f.versions[i]
		newest[v.Source] = i
		if v.Event == record.Deleted {
			deleted = append(deleted, i)
		} else {
			written = append(written, i)
		}
	}
	if len(deleted) > 0 {
		if f.collisionsBefore, err = f.p.Collisions(f.base); err != nil {
			return err
		}
	}
	f.each = len(written) <= durable.SyncEach
	byPath := func(a, b int) int { return cmp.Or(strings.Compare(f.versions[a].Source, f.versions[b].Source), a-b) }
	slices.SortFunc(deleted, byPath)
	slices.SortFunc(written, byPath)
	// Deletions first: they free the names that others take.
	err = f.writeParts(f.parts(deleted, len(deleted)), newest)
	if err == nil {
		err = f.writeParts(f.parts(written, perPlacer), newest)
	}
	if err == nil {
		err = f.reportFreedPaths(f.collisionsBefore)
	}
	if err == nil {
		err = f.sync()
	}
	if err != nil {
		return err
	}
	return f.finish()
}

// parts divides versions in the order of their paths into parts of about n, those of one source in
// one part.
func (f *Update) parts(order []int, n int) [][]int {
	var parts [][]int
	for len(order) > 0 {
		end := min(n, len(order))
		for end < len(order) && f.versions[order[end]].Source == f.versions[order[end-1]].Source {
			end++
		}
		parts = append(parts, order[:end])
		order = order[end:]
	}
	return parts
}

// writeParts lets the parts follow, several at once, and takes together what came of them, in their
// order.
func (f *Update) writeParts(parts [][]int, newest map[string]int) error {
	done := make([]outcome, len(parts))
	var next atomic.Int64
	var workers sync.WaitGroup
	placers := make([]*Placer, min(runtime.GOMAXPROCS(0), len(parts)))
	for n := range placers {
		var warnings []warning
		p := f.newPlacer(n, func(path, msg string, what refusal.Remedy) { warnings = append(warnings, warning{path, msg, what}) })
		placers[n] = p
		workers.Go(func() {
			defer p.Close()
			for i := next.Add(1) - 1; i < int64(len(parts)) && f.ctx.Err() == nil; i = next.Add(1) - 1 {
				for _, v := range parts[i] {
					p.Write(&f.versions[v], newest[f.versions[v].Source] == v)
				}
				done[i] = outcome{p.changes, warnings}
				p.changes, warnings = nil, nil
			}
		})
	}
	workers.Wait()
	for _, p := range placers {
		f.addUp(p)
	}
	for i := range done {
		f.changes = append(f.changes, done[i].changes...)
		for _, w := range done[i].warnings {
			f.warn(w.path, w.msg, w.what)
		}
	}
	return f.ctx.Err()
}

// addUp adds up what a placer did.
func (f *Update) addUp(p *Placer) {
	f.changes = append(f.changes, p.changes...)
	f.touched = append(f.touched, p.touched...)
	f.incomplete = f.incomplete || p.failed > 0
}

// spaceForCopies asks whether there is space for copies, and says so where there is not.
func (f *Update) spaceForCopies() bool {
	if f.filesOnly {
		return false
	}
	free, size, err := f.p.Folder.Free()
	if err != nil {
		f.p.Opts.Warn(f.p.Path, "free space is not known: "+durable.Reason(err), refusal.Remedy{})
		return true
	}
	room := f.p.copies(free, size)
	f.copiesMissing = !room && f.lacksSpace(size)
	return room
}

// finish writes the index and takes the mark of unfinished work away.
func (f *Update) finish() error {
	if !f.Index.Held() {
		return nil
	}
	if err := f.attributes(); err != nil {
		f.incomplete = true
		f.warn(f.p.Folder.Path(dest.AttributesFile), "could not be written: "+durable.Reason(err), refusal.Remedy{Kind: refusal.NextRunRetries})
	}
	err := f.writeIndex()
	var damaged *index.DamagedError
	if errors.As(err, &damaged) {
		return err
	}
	if err != nil {
		f.incomplete = true
		f.warn(f.p.Git.Path("index"), "the index could not follow: "+err.Error(), f.p.IndexRemedy(err))
	}
	if f.copiesMissing {
		if err := runstate.NoteMissingCopies(f.p.StateDir, f.base); err != nil {
			f.incomplete = true
			f.warn(f.p.StateDir.Path(runstate.MissingCopiesName), "could not be written: "+durable.Reason(err), refusal.Remedy{Kind: refusal.NextRunRetries})
		}
	}
	if f.incomplete {
		return nil
	}
	_, before := f.p.upToDateWith()
	if f.each && before || !f.each && f.leftToSystem { // something was left to the system: now, or before this
		return runstate.WriteUpToDate(f.p.StateDir, f.p.moment(), f.tip)
	}
	return f.p.clearPending()
}

// writeIndex brings the index up to the changes.
func (f *Update) writeIndex() error {
	if f.Index.unread != nil {
		return f.Index.unread
	}
	trees, err := f.trees()
	if err != nil {
		return err
	}
	if err := durable.Guard(func() error { return f.Index.ahead.Update(f.Index, f.changes, trees) }); err != nil {
		return err
	}
	return f.Index.commit()
}

// trees tells the index which tree a folder has at tip.
func (f *Update) trees() (index.Trees, error) {
	root, err := f.p.TreeOf(f.tip)
	if err != nil {
		return nil, err
	}
	return object.NewFolderLookup(f.p.Store.ReadTree, root).Tree, nil
}

// sync puts what was written on disk: file by file where they are few, else the file system as a
// whole. Files were synced as they were written; here it is their folders' turn.
func (f *Update) sync() error {
	switch {
	case !f.each && f.leftToSystem:
		return nil
	case !f.each:
		return f.p.SyncAll()
	}
	w := durable.NewWalker(f.p.Folder)
	defer w.Close()
	for _, folder := range withParents(f.touched) {
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

// attributes writes our .gitattributes where the tree has it and the work tree does not. One that
// somebody has committed is left as it is.
func (f *Update) attributes() error {
	r := f.p
	flawed := r.AttributesFlaw() != ""
	if !flawed && !f.base.IsZero() {
		return nil
	}
	e, there, err := r.attributesIn(f.tip)
	if err != nil || !there {
		return err
	}
	if !isAttributes(e) {
		if f.base.IsZero() {
			f.changes = append(f.changes, index.Change{Path: dest.AttributesFile, Mode: uint32(e.Mode), ID: e.ID})
		}
		return nil
	}
	if flawed {
		if err := f.writeAttributes(); err != nil {
			return err
		}
	}
	st, err := r.Folder.Lstat(dest.AttributesFile)
	f.changes = append(f.changes, index.Change{Path: dest.AttributesFile, Mode: uint32(e.Mode), ID: e.ID, Stat: indexStat(st)})
	return err
}

func (f *Update) writeAttributes() error {
	root := f.p.Folder
	if st, err := root.Lstat(dest.AttributesFile); err == nil && !st.IsRegular() {
		aside, err := durable.MoveAside(root, dest.AttributesFile)
		if err != nil {
			return fmt.Errorf("it cannot be moved aside: %w", err)
		}
		f.warn(root.Path(dest.AttributesFile), "is no regular file, and was moved to "+record.Quote(aside), refusal.Remedy{})
	}
	return root.Replace(dest.AttributesFile, []byte(dest.AttributesText))
}

// lacksSpace tells whether copies are wanted, and it is for want of room alone that they are not
// written.
func (f *Update) lacksSpace(size int64) bool { return f.p.hasSpace(math.MaxInt64, size) }

func (f *Update) newPlacer(n int, warn func(path, msg string, what refusal.Remedy)) *Placer {
	return &Placer{Update: f, files: durable.NewWalker(f.p.Folder), copies: durable.NewWalker(f.p.Folder), buf: make([]byte, durable.SparseBlock),
		staged: fmt.Sprintf("file%d", n), clone: fmt.Sprintf("copy%d", n), warn: warn}
}

// remakeIndex makes the index anew from the history where a follow failed because it is damaged.
// copied tells that copies/ lacks nothing.
func (f *Update) remakeIndex(err error, copied bool) error {
	var damaged *index.DamagedError
	if !errors.As(err, &damaged) {
		return err
	}
	f.Index.Release()
	f.p.IndexFlaw = damaged
	return f.p.Recover(f.ctx, f.tip, copied)
}

// perPlacer is how many versions, in the order of their paths, one goroutine writes at a time.
const perPlacer = 256

// warning is what a placer has to say, kept until its turn.
type warning struct {
	path, msg string
	what      refusal.Remedy
}

// outcome is what came of one part.
type outcome struct {
	changes  []index.Change
	warnings []warning
}

// withParents lists folders and all that they lie in, which may be new as well, in order.
func withParents(folders []string) []string {
	all := map[string]bool{}
	for _, folder := range folders {
		for !all[folder] {
			all[folder] = true
			folder, _ = layout.Split(folder)
		}
	}
	return slices.Sorted(maps.Keys(all))
}
