package restore

import (
	"context"
	"errors"
	"timemachine/repo/durable"
	"timemachine/repo/layout"
)

// restoreBatch is how many files are put on disk together, before they get their names, where there
// are many.
const restoreBatch = 256

// Write carries the plan out, and calls done after each step. What fails is the step's Err and
// stops nothing else; the error is that of the context. Whatever was begun is finished or swept
// away when it returns.
func (p *Plan) Write(ctx context.Context, done func(*Step)) error {
	w := writing{p: p, done: done, touched: map[*base]map[string]bool{}}
	for i := range p.Steps {
		if p.Steps[i].writes() {
			w.count++
		}
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		if err := ctx.Err(); err != nil {
			w.drop()
			return errors.Join(err, syncTouched(w.touched))
		}
		if !s.writes() {
			done(s)
			continue
		}
		w.take(s)
	}
	w.settle()
	return syncTouched(w.touched)
}

func (s *Step) writes() bool { return s.Err == nil && (s.Action == Create || s.Action == Replace) }

// writing is a restore under way.
type writing struct {
	p       *Plan
	done    func(*Step)
	count   int     // of steps that write
	ready   []*Step // whose content is written beside its place
	touched map[*base]map[string]bool
}

// bulk tells whether files are put on disk together and not one by one.
func (w *writing) bulk() bool { return w.count > durable.SyncEach }

func (w *writing) take(s *Step) {
	if s.Err = w.write(s); s.Err != nil {
		w.done(s)
		return
	}
	if w.ready = append(w.ready, s); !w.bulk() || len(w.ready) == restoreBatch {
		w.settle()
	}
}

// settle puts what is ready on disk and in its place.
func (w *writing) settle() {
	var err error
	synced := map[*base]bool{}
	for _, s := range w.ready {
		if w.bulk() && !synced[s.base] {
			synced[s.base] = true
			err = errors.Join(err, s.base.dir.SyncFS())
		}
	}
	for _, s := range w.ready {
		if s.Err = err; err == nil {
			s.Err = w.put(s)
		}
		if s.Err != nil {
			s.Err = errors.Join(s.Err, s.sweep())
		}
		w.done(s)
	}
	w.ready = nil
}

func (w *writing) put(s *Step) error {
	folder, name := layout.Split(s.rel)
	dir, err := s.base.walk.Dir(folder)
	if err == nil {
		err = s.put(dir, s.temp, name)
	}
	if err != nil {
		return err
	}
	if w.touched[s.base] == nil {
		w.touched[s.base] = map[string]bool{}
	}
	w.touched[s.base][folder] = true
	return nil
}

// drop sweeps away what is ready and did not get its place.
func (w *writing) drop() {
	for _, s := range w.ready {
		if err := s.sweep(); err != nil {
			w.p.log("a file of a restore that was cut short is left", "path", s.Target, "name", s.temp, "cause", err.Error())
		}
	}
}

func (p *Plan) log(msg string, args ...any) {
	if p.o.Log != nil {
		p.o.Log(msg, args...)
	}
}

func (s *Step) sweep() error {
	folder, _ := layout.Split(s.rel)
	dir, err := s.base.walk.Dir(folder)
	if err != nil {
		return err
	}
	return dir.Remove(s.temp)
}

func syncTouched(touched map[*base]map[string]bool) error {
	var errs []error
	for b, folders := range touched {
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

// write makes the step's file or link beside its place.
func (w *writing) write(s *Step) error {
	if s.base.dir == nil {
		if err := s.base.open(true); err != nil {
			return err
		}
	}
	if err := s.unblock(); err != nil {
		return err
	}
	folder, _ := layout.Split(s.rel)
	dir, err := s.base.walk.MakeLike(folder)
	if err != nil {
		return err
	}
	s.temp = tempName()
	if s.Link {
		err = w.p.writeLink(s, dir)
	} else {
		err = w.p.writeFile(s, dir, !w.bulk())
	}
	if err != nil {
		return errors.Join(err, dir.Remove(s.temp))
	}
	return nil
}
