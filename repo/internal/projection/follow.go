package repo

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
	"timemachine/repo/internal/runstate"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// inherit names the paths that have a place now which another had before. What stands there was removed with that.
func (f *follow) inherit(before map[string]string) error {
	if len(before) == 0 {
		return nil
	}
	tree, err := f.r.Files(f.tip)
	if err != nil {
		return err
	}
	for _, c := range f.changes {
		if !c.Remove {
			delete(before, c.Path) // written in this follow
		}
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if _, there := tree[path]; there && f.taken[path] == "" {
			f.warn(path, "has a place of its own now", "timemachine verify --repair -d "+record.ShellWord(f.r.dest)+" writes it")
		}
	}
	return nil
}

// follow brings copies/, files/ and the index up to commits that the branch has already. It can be done again without
// harm, which is how an earlier one that was cut short is healed.
type follow struct {
	r         *projectionT
	ctx       context.Context
	base, tip object.ID        // the commits the work tree was and will be in step with
	versions  []record.Version // of the commits between, oldest first
	held      *contents        // what is still in memory of them
	index     *indexLock
	warn      func(path, msg, hint string)

	changes    []index.Change
	filesOnly  bool // copies/ is left as it is
	owes       bool // copies are left out for want of room
	copying    atomic.Bool
	crowded    atomic.Bool // the disk was said to be full
	inStep     bool        // files/ had followed to base: what lies where nothing was tracked is none of ours
	removes    bool        // a mark covers it: what is in the way of many files may be removed before they are made
	lazy       bool        // files that are not synced one by one are left to the system to put on disk
	each       bool        // files are synced one by one
	incomplete bool        // files/ or the index could not follow
	touched    []string    // folders to be synced

	before, taken map[string]string // paths whose place another had at base, and has at tip: crowdedOut
}

// run does it. What is to be decided about copies is decided before.
func (f *follow) run() (err error) {
	if f.taken, err = f.r.crowdedOut(f.tip); err != nil {
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
		if f.before, err = f.r.crowdedOut(f.base); err != nil {
			return err
		}
	}
	f.each = len(written) <= durable.SyncEach
	byPath := func(a, b int) int { return cmp.Or(strings.Compare(f.versions[a].Source, f.versions[b].Source), a-b) }
	slices.SortFunc(deleted, byPath)
	slices.SortFunc(written, byPath)
	// Deletions first: they free the names that others take.
	err = f.work(f.cut(deleted, len(deleted)), newest)
	if err == nil {
		err = f.work(f.cut(written, perPlacer), newest)
	}
	if err == nil {
		err = f.inherit(f.before)
	}
	if err == nil {
		err = f.sync()
	}
	if err != nil {
		return err
	}
	return f.settle()
}

// cut divides versions in the order of their paths into parts of about n, those of one source in one part.
func (f *follow) cut(order []int, n int) [][]int {
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

// work lets the parts follow, several at once, and takes together what came of them, in their order.
func (f *follow) work(parts [][]int, newest map[string]int) error {
	done := make([]outcome, len(parts))
	var next atomic.Int64
	var workers sync.WaitGroup
	placers := make([]*placer, min(runtime.GOMAXPROCS(0), len(parts)))
	for n := range placers {
		var warnings []warning
		p := f.newPlacer(n, func(path, msg, hint string) { warnings = append(warnings, warning{path, msg, hint}) })
		placers[n] = p
		workers.Go(func() {
			defer p.close()
			for i := next.Add(1) - 1; i < int64(len(parts)) && f.ctx.Err() == nil; i = next.Add(1) - 1 {
				for _, v := range parts[i] {
					p.version(&f.versions[v], newest[f.versions[v].Source] == v)
				}
				done[i] = outcome{p.changes, warnings}
				p.changes, warnings = nil, nil
			}
		})
	}
	workers.Wait()
	for _, p := range placers {
		f.take(p)
	}
	for i := range done {
		f.changes = append(f.changes, done[i].changes...)
		for _, w := range done[i].warnings {
			f.warn(w.path, w.msg, w.hint)
		}
	}
	return f.ctx.Err()
}

// take adds up what a placer did.
func (f *follow) take(p *placer) {
	f.changes = append(f.changes, p.changes...)
	f.touched = append(f.touched, p.touched...)
	f.incomplete = f.incomplete || p.failed > 0
}

// roomForCopies asks whether there is space for copies, and says so where there is not.
func (f *follow) roomForCopies() bool {
	if f.filesOnly {
		return false
	}
	free, size, err := f.r.root.Free()
	if err != nil {
		f.r.o.Warn(f.r.dest, "free space is not known: "+durable.Reason(err), "")
		return true
	}
	room := f.r.copies(free, size)
	f.owes = !room && f.lacksRoom(size)
	return room
}

// settle writes the index and takes the mark of unfinished work away.
func (f *follow) settle() error {
	if !f.index.held() {
		return nil
	}
	if err := f.attributes(); err != nil {
		f.incomplete = true
		f.warn(f.r.root.Path(attributesName), "could not be written: "+durable.Reason(err), "the next run tries again")
	}
	err := f.writeIndex()
	var damaged *index.DamagedError
	if errors.As(err, &damaged) {
		return err
	}
	if err != nil {
		f.incomplete = true
		f.warn(f.r.git.Path("index"), "the index could not follow: "+err.Error(), f.r.indexHint(err))
	}
	if f.owes {
		if err := runstate.NoteMissingCopies(f.r.own, f.base); err != nil {
			f.incomplete = true
			f.warn(f.r.own.Path(runstate.MissingCopiesName), "could not be written: "+durable.Reason(err), "the next run tries again")
		}
	}
	if f.incomplete {
		return nil
	}
	_, before := f.r.followed()
	if f.each && before || !f.each && f.lazy { // something was left to the system: now, or before this
		return runstate.WriteUpToDate(f.r.own, f.r.moment(), f.tip)
	}
	return f.r.settled()
}

// writeIndex brings the index up to the changes.
func (f *follow) writeIndex() error {
	if f.index.unread != nil {
		return f.index.unread
	}
	trees, err := f.trees()
	if err != nil {
		return err
	}
	if err := durable.Guard(func() error { return f.index.ahead.Update(f.index, f.changes, trees) }); err != nil {
		return err
	}
	return f.index.commit()
}

// trees tells the index which tree a folder has at tip.
func (f *follow) trees() (index.Trees, error) {
	root, err := f.r.treeOf(f.tip)
	if err != nil {
		return nil, err
	}
	return object.NewFolderLookup(f.r.store.ReadTree, root).Tree, nil
}

// sync puts what was written on disk: file by file where they are few, else the file system as a whole. Files were
// synced as they were written; here it is their folders' turn.
func (f *follow) sync() error {
	switch {
	case !f.each && f.lazy:
		return nil
	case !f.each:
		return f.r.syncAll()
	}
	w := durable.NewWalker(f.r.root)
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

// attributes writes our .gitattributes where the tree has it and the work tree does not. One that somebody has committed is
// left as it is.
func (f *follow) attributes() error {
	r := f.r
	flawed := r.attributesFlaw() != ""
	if !flawed && !f.base.IsZero() {
		return nil
	}
	e, there, err := r.attributesIn(f.tip)
	if err != nil || !there {
		return err
	}
	if !isAttributes(e) {
		if f.base.IsZero() {
			f.changes = append(f.changes, index.Change{Path: attributesName, Mode: uint32(e.Mode), ID: e.ID})
		}
		return nil
	}
	if flawed {
		if err := f.writeAttributes(); err != nil {
			return err
		}
	}
	st, err := r.root.Lstat(attributesName)
	f.changes = append(f.changes, index.Change{Path: attributesName, Mode: uint32(e.Mode), ID: e.ID, Stat: indexStat(st)})
	return err
}

func (f *follow) writeAttributes() error {
	root := f.r.root
	if st, err := root.Lstat(attributesName); err == nil && !st.IsRegular() {
		aside, err := durable.MoveAside(root, attributesName)
		if err != nil {
			return fmt.Errorf("it cannot be moved aside: %w", err)
		}
		f.warn(root.Path(attributesName), "is no regular file, and was moved to "+record.Quote(aside), "")
	}
	return root.Replace(attributesName, []byte(attributes))
}

// lacksRoom tells whether copies are wanted, and it is for want of room alone that they are not written.
func (f *follow) lacksRoom(size int64) bool { return f.r.hasRoom(math.MaxInt64, size) }

func (f *follow) newPlacer(n int, warn func(path, msg, hint string)) *placer {
	return &placer{follow: f, files: durable.NewWalker(f.r.root), copies: durable.NewWalker(f.r.root), buf: make([]byte, durable.SparseBlock),
		staged: fmt.Sprintf("file%d", n), clone: fmt.Sprintf("copy%d", n), warn: warn}
}

// orAnew makes the index anew from the history where a follow failed because it is damaged. copied tells that copies/ lacks
// nothing.
func (f *follow) orAnew(err error, copied bool) error {
	var damaged *index.DamagedError
	if !errors.As(err, &damaged) {
		return err
	}
	f.index.release()
	f.r.indexFlaw = damaged
	return f.r.heal(f.ctx, f.tip, copied)
}

// perPlacer is how many versions, in the order of their paths, one goroutine writes at a time.
const perPlacer = 256

// warning is what a placer has to say, kept until its turn.
type warning struct{ path, msg, hint string }

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
