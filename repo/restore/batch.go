package restore

import (
	"context"
	"errors"

	"timemachine/repo/durable"
	"timemachine/repo/layout"
)

// batchFiles is how many files of a large restore are put on disk together before they get their
// names.
const batchFiles = 256

// Write carries the plan out and calls done after each step. A failure is the step's Err and stops
// no other step; the returned error is that of the context, or of the last sync. Write leaves no
// temporary file.
func (p *Plan) Write(ctx context.Context, done func(*Step)) error {
	p.Begun = true
	b := batch{p: p, done: done, changed: map[*base]map[string]bool{}, swept: map[*base]map[string]bool{}}
	for i := range p.Steps {
		if p.Steps[i].writes() {
			b.total++
		}
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		if err := ctx.Err(); err != nil {
			b.stop(p.Steps[i:])
			return errors.Join(err, syncFolders(b.changed))
		}
		if !s.writes() {
			done(s)
			continue
		}
		b.add(s)
	}
	b.flush()
	return syncFolders(b.changed)
}

// batch holds the files that are written and have not got their names.
type batch struct {
	p       *Plan
	done    func(*Step)
	total   int // steps of the plan that write
	ready   []*Step
	changed map[*base]map[string]bool // folders that must be synced
	// folders from which what a killed restore has left was removed
	swept map[*base]map[string]bool
}

// isBulk tells whether files are synced together and not one by one.
func (b *batch) isBulk() bool { return b.total > durable.SyncEach }

// add writes the step's file and flushes a full batch.
func (b *batch) add(s *Step) {
	if s.Err = b.write(s); s.Err != nil {
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
	synced := map[*base]bool{}
	for _, s := range b.ready {
		if b.isBulk() && !synced[s.base] {
			synced[s.base] = true
			err = errors.Join(err, s.base.dir.SyncFS())
		}
	}
	for _, s := range b.ready {
		if s.Err = err; err == nil {
			s.Err = b.place(s)
		}
		if s.Err != nil {
			s.Err = errors.Join(s.Err, s.removeTemp())
		}
		b.done(s)
	}
	b.ready = nil
}

// place gives a file its name and compares it with the version.
func (b *batch) place(s *Step) error {
	folder, name := layout.Split(s.rel)
	dir, err := s.base.walk.Dir(folder)
	if err == nil {
		err = s.place(dir, name)
	}
	if err != nil {
		return err
	}
	note(b.changed, s.base, folder)
	return s.compareWritten(dir, name)
}

// ErrInterrupted is the error of each step that an interruption kept from being carried out.
var ErrInterrupted = errors.New("the restore was interrupted before")

// stop ends the steps that have not got their names, and the rest of the plan's.
func (b *batch) stop(rest []Step) {
	for _, s := range b.ready {
		s.Err = errors.Join(ErrInterrupted, s.removeTemp())
		b.done(s)
	}
	for i := range rest {
		if s := &rest[i]; s.writes() {
			s.Err = ErrInterrupted
			b.done(s)
		}
	}
}

// write makes the step's file or link under a temporary name in the target's folder.
func (b *batch) write(s *Step) error {
	if s.base.dir == nil {
		if err := s.base.open(true); err != nil {
			return err
		}
	}
	if err := s.removeObstacle(); err != nil {
		return err
	}
	folder, _ := layout.Split(s.rel)
	dir, err := s.base.walk.MakeLike(folder)
	if err != nil {
		return err
	}
	if !b.swept[s.base][folder] {
		note(b.swept, s.base, folder)
		if err := dir.RemoveScratch(); err != nil {
			b.p.log("what a killed restore has left could not be removed", "folder", folder, "cause", err.Error())
		}
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

// note adds a folder to a set.
func note(set map[*base]map[string]bool, of *base, folder string) {
	if set[of] == nil {
		set[of] = map[string]bool{}
	}
	set[of][folder] = true
}

func syncFolders(changed map[*base]map[string]bool) error {
	var errs []error
	for b, folders := range changed {
		for folder := range folders {
			dir, err := b.walk.Dir(folder)
			if err == nil {
				err = dir.Sync()
			}
			if !durable.IsMissing(err) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
