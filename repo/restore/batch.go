package restore

import (
	"context"
	"errors"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/layout"
	"timemachine/repo/restore/reach"
	"timemachine/repo/restore/rights"
)

// batchFiles is how many files of a large restore are put on disk together before they get their
// names.
const batchFiles = 256

// Write carries the plan out and calls done after each step. A failure is the step's Err and stops
// no other step; the returned error is that of the context, or of the last sync. Write leaves no
// temporary file, and no folder closed or open that was not, also where it fails.
func (p *Plan) Write(ctx context.Context, done func(*Step)) error {
	p.Begun = true
	b := batch{p: p, done: done, changed: reach.Folders{}, swept: reach.Folders{}, begun: map[string]*Step{},
		opened: map[string]*openedFolder{}, frozen: map[string]error{}, failed: map[string]error{}, placed: map[inode]*Step{}, leaders: map[*Step][]*Step{}}
	for i := range p.Steps {
		if p.Steps[i].ClosedIn = ""; p.Steps[i].writes() {
			b.total++
		}
	}
	b.errs = append(b.errs, b.writeAll(ctx), b.changed.Sync())
	b.finishFolders()
	for base := range b.changed {
		if b.isBulk() {
			b.errs = append(b.errs, base.Dir.SyncFS())
		}
	}
	return errors.Join(b.errs...)
}

// batch is the restore under way: the files that are written and have not got their names, and what
// remains to be done at the end.
type batch struct {
	p       *Plan
	done    func(*Step)
	total   int // steps of the plan that write
	ready   []*Step
	joins   []*Step                  // files that become another name of one that is written
	folders []*Step                  // that were made or begun to be changed
	opened  map[string]*openedFolder // by path
	failed  map[string]error         // folders that could not be made, by path
	frozen  map[string]error         // folders in which nothing can be renamed, by path
	placed  map[inode]*Step          // files that have got their names
	leaders map[*Step][]*Step        // files that stayed and got further names: the steps of these
	begun   map[string]*Step         // folders, by path
	changed reach.Folders            // that must be synced
	swept   reach.Folders            // from which what a killed restore has left was removed
	errs    []error
}

// isBulk tells whether files are synced together and not one by one.
func (b *batch) isBulk() bool { return b.total > durable.SyncEach }

// writeAll carries the steps out, but for the end of folders.
func (b *batch) writeAll(ctx context.Context) error {
	steps := b.p.Steps
	for i := range steps {
		s := &steps[i]
		if err := ctx.Err(); err != nil {
			b.stop(steps[i:])
			return err
		}
		switch {
		case s.Action == Remove && s.Err == nil:
		case !s.writes():
			b.done(s)
		case s.Folder:
			b.begin(s)
		case s.joins != nil:
			b.joins = append(b.joins, s)
		case s.shares == nil:
			b.clear(s)
			b.add(s)
		}
	}
	b.flush()
	b.join()
	for _, s := range b.removals("") {
		if err := ctx.Err(); err != nil {
			s.Err = ErrInterrupted
		} else {
			b.remove(s)
		}
		b.done(s)
	}
	return ctx.Err()
}

// begin makes or opens the folder of a step.
func (b *batch) begin(s *Step) {
	if err := b.startFolder(s); err != nil {
		s.Err = explain(s, err)
		if s.Action != Adjust {
			b.failed[s.Target] = s.Err
		}
		b.done(s)
		return
	}
	b.folders, b.begun[s.Target] = append(b.folders, s), s
}

// clear removes what lies in the folder that has the place of the step's file.
func (b *batch) clear(s *Step) {
	if !s.full {
		return
	}
	for _, below := range b.removals(s.Target) {
		if b.remove(below); below.Err != nil {
			s.Err = below.Err
		}
		b.done(below)
	}
}

// removals lists the steps that remove something below a path and were not carried out, those
// deepest in the tree first. With "" it lists all.
func (b *batch) removals(path string) []*Step {
	var list []*Step
	for i := range slices.Backward(b.p.Steps) {
		if s := &b.p.Steps[i]; s.Action == Remove && s.Err == nil && !s.cleared && strings.HasPrefix(s.Target, path+"/") {
			list = append(list, s)
		}
	}
	return list
}

// add writes the step's file and flushes a full batch.
func (b *batch) add(s *Step) {
	if s.Err == nil {
		s.Err = b.write(s)
	}
	if s.Err != nil {
		s.Err = explain(s, s.Err)
		b.done(s)
		return
	}
	if b.ready = append(b.ready, s); !b.isBulk() || len(b.ready) == batchFiles {
		b.flush()
	}
}

// flush syncs the batch and gives its files their names.
func (b *batch) flush() {
	var err error
	synced := map[*reach.Base]bool{}
	for _, s := range b.ready {
		if b.isBulk() && !synced[s.base] {
			synced[s.base] = true
			err = errors.Join(err, s.base.Dir.SyncFS())
		}
	}
	for _, s := range b.ready {
		if s.Err = err; err == nil {
			s.Err = b.name(s)
		}
		if s.Err != nil {
			s.Err = errors.Join(explain(s, s.Err), s.removeTemp())
		}
		b.done(s)
	}
	b.ready = nil
}

// name gives a file its name and compares it with the version. One that was changed in place has
// it.
func (b *batch) name(s *Step) error {
	folder, name := layout.Split(s.rel)
	dir, err := s.base.Walk.Dir(folder)
	if err == nil && s.temp != "" {
		err = b.place(s, dir, name)
	}
	if err != nil {
		return err
	}
	b.changed.Add(s.base, folder)
	return b.compareWritten(s, dir, name)
}

// ErrInterrupted is the error of each step that an interruption kept from being carried out.
var ErrInterrupted = errors.New("the restore was interrupted before")

// stop ends the steps that have not got their names, and the rest of the plan's.
func (b *batch) stop(rest []Step) {
	for _, s := range b.ready {
		s.Err = errors.Join(ErrInterrupted, s.removeTemp())
		b.done(s)
	}
	for _, s := range b.joins {
		s.Err = ErrInterrupted
		b.done(s)
	}
	b.ready, b.joins = nil, nil
	for i := range rest {
		if s := &rest[i]; s.writes() || s.Action == Remove && s.Err == nil {
			s.Err = ErrInterrupted
			b.done(s)
		}
	}
}

// write makes the step's file or link under a temporary name in the target's folder, or changes the
// file that is there.
func (b *batch) write(s *Step) error {
	folder, _ := layout.Split(s.rel)
	dir, err := b.folder(s.base, folder)
	if err != nil {
		return err
	}
	if s.Action == Adjust {
		return b.adjust(s)
	}
	if err := b.sweep(s.base, folder, dir); err != nil {
		return err
	}
	s.temp = durable.ScratchName()
	if s.Link {
		err = b.p.writeLink(s, dir)
	} else {
		err = b.p.writeFile(s, dir, !b.isBulk())
	}
	if err != nil {
		return errors.Join(err, dir.Remove(s.temp))
	}
	return nil
}

// remove removes what was not there then.
func (b *batch) remove(s *Step) {
	folder, name := layout.Split(s.rel)
	dir, err := b.folder(s.base, folder)
	if err != nil {
		s.Err = explain(s, err)
		return
	}
	st, err := dir.Lstat(name)
	switch {
	case durable.IsNoEntry(err):
		s.cleared = true
		return
	case err != nil:
	case s.Folder:
		if err = reach.ErrChanged; st.Same(s.presentStat) {
			err = dir.RemoveDir(name)
		}
	default:
		if err = s.checkPresent(dir, name, st); err == nil {
			err = dir.Remove(name)
		}
	}
	if err != nil {
		s.Err = explain(s, err)
		return
	}
	s.cleared = true
	delete(b.opened, s.Target)
	b.changed.Add(s.base, folder)
}

// explain adds to a step's error what a person can do about it.
func explain(s *Step, err error) error {
	folder, name := layout.Split(s.rel)
	return rights.Explain(s.base.Folder(folder), name, err)
}
