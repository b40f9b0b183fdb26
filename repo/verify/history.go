package verify

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/comparer"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// step is one commit with what a worker needs to check it.
type step struct {
	record.Version
	ours   bool
	newest bool // of its source
	tree   object.ID
	parent object.ID // the tree of the parent; zero for the first commit
	lasts  bool      // the parent could be read, or there is none
}

// perJob is the number of neighbouring commits that one goroutine takes at a time: they share
// trees.
const perJob = 64

// history is the result of the walk: the newest version of each source, as the tree and the index
// should hold it.
type history struct {
	newest map[string]place
	expect map[string]expected // the next version of each source that the walk must meet
	copies copyNames
	count  atomic.Int64
}

// place is what the tree should hold for the newest version of a source.
type place struct {
	path   string
	blob   object.ID
	mode   object.Mode
	commit object.ID
	gone   bool // it should hold nothing
}

// placeOf returns the place of a version at a path of the tree.
func placeOf(v *record.Version, path string) place {
	return place{path: path, blob: v.Blob, mode: record.TreeMode(&v.Record), commit: v.Commit, gone: !v.HasContent()}
}

// expected is the version that a later one names as its Previous.
type expected struct{ commit, by object.ID }

// history walks from tip to the first commit. The walk itself checks that the records agree with
// each other. Meanwhile workers on all cores check each commit.
func (k *verify) history(tip object.ID) (*history, error) {
	h := &history{newest: map[string]place{}, expect: map[string]expected{}}
	jobs := make(chan []step)
	var workers sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for i := range errs {
		workers.Go(func() {
			w := k.newWorker()
			defer w.close()
			for job := range jobs {
				if errs[i] == nil {
					errs[i] = w.all(job)
				}
				n := h.count.Add(int64(len(job)))
				k.mu.Lock()
				k.progress(k.sum.Objects+n, k.sum.Objects)
				k.mu.Unlock()
			}
		})
	}
	err := k.walk(tip, h, jobs)
	close(jobs)
	workers.Wait()
	for source, e := range h.expect {
		k.report(Finding{Part: PartRecord, Path: source, Object: e.by, Msg: fmt.Sprintf("its Previous, %s, is no earlier version of it", e.commit.Short())})
	}
	return h, errors.Join(append(errs, err, k.ctx.Err())...)
}

// walk reads the commits, newest first, and passes them on in jobs.
func (k *verify) walk(tip object.ID, h *history, jobs chan<- []step) error {
	var job []step
	for id := tip; !id.IsZero(); {
		if err := k.ctx.Err(); err != nil {
			return err
		}
		c, err := k.r.Store.ReadCommit(id)
		if err != nil {
			k.report(Finding{Part: PartRecord, Object: id, Msg: "commit cannot be read: " + err.Error() + "; what is older was not looked at",
				Remedy: k.bare(refusal.CheckHistory, "")})
			h.copies.partial = true
			break
		}
		if n := len(job); n > 0 {
			job[n-1].parent, job[n-1].lasts = c.Tree, true
		}
		if len(job) == perJob {
			jobs <- job
			job = nil
		}
		job = append(job, k.step(id, c, h))
		if id = c.FirstParent(); id.IsZero() {
			job[len(job)-1].lasts = true
		}
	}
	if len(job) > 0 {
		jobs <- job
	}
	return nil
}

// step checks whether a commit agrees with its neighbours.
func (k *verify) step(id object.ID, c *object.CommitData, h *history) step {
	v, err := record.OfCommit(id, c)
	rec := v.Record
	s := step{Version: v, ours: err == nil, tree: c.Tree}
	if errors.Is(err, record.ErrNone) {
		return s
	}
	wrong := func(format string, args ...any) {
		k.report(Finding{Part: PartRecord, Path: rec.Source, Object: id, Msg: fmt.Sprintf(format, args...)})
	}
	if err != nil {
		wrong("its record is not understood: %v", err)
		h.copies.partial = true
		return s
	}
	k.mu.Lock()
	k.sum.Versions++
	k.mu.Unlock()
	if len(c.Parents) > 1 {
		wrong("it has %d parents: the branch is not linear", len(c.Parents))
	}
	_, known := h.newest[rec.Source]
	s.newest = !known
	if e, waiting := h.expect[rec.Source]; waiting && e.commit != id {
		k.report(Finding{Part: PartRecord, Path: rec.Source, Object: e.by, Msg: fmt.Sprintf("its Previous is %s, the version before it %s", e.commit.Short(), id.Short())})
	} else if known && !waiting {
		wrong("a later version of it has no Previous")
	}
	delete(h.expect, rec.Source)
	if !rec.Previous.IsZero() {
		h.expect[rec.Source] = expected{rec.Previous, id}
	} else if rec.Ends() {
		wrong("a deletion without a version before it")
	}
	if !k.alone && s.Copy != "" {
		h.copies.add(k.r.Fold(s.Copy))
	}
	k.checkPlaces(&s, h, wrong)
	return s
}

// checkPlaces notes the place of a source's newest version, and checks that a copy's name is one
// that its version can have.
func (k *verify) checkPlaces(s *step, h *history, wrong func(string, ...any)) {
	path, err := record.TreePath(&s.Record)
	if err != nil {
		wrong("it has no place in the tree: %v", err)
		s.ours = false
		return
	}
	if s.newest {
		h.newest[strings.Clone(s.Source)] = placeOf(&s.Version, path)
	}
	if s.Copy == "" {
		return
	}
	if name := s.Copy[strings.LastIndexByte(s.Copy, '/')+1:]; !record.IsCopyPath(&s.Record) {
		wrong("its copy's name %s is not one of its own", record.Quote(name))
	}
}

// worker checks single commits.
type worker struct {
	*verify
	*comparer.Comparer
	files, copies *durable.Walker
	trees         object.TreeCache
}

func (k *verify) newWorker() *worker {
	return &worker{verify: k, Comparer: comparer.New(k.r.Dest, k.o.Quick), files: durable.NewWalker(k.r.Folder), copies: durable.NewWalker(k.r.Folder), trees: object.TreeCache{From: k.r.Store}}
}

func (w *worker) close() {
	w.files.Close()
	w.copies.Close()
}

// all checks the versions of a job.
func (w *worker) all(job []step) error {
	for i := range job {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if !job[i].ours {
			continue
		}
		if err := w.one(&job[i]); err != nil {
			return err
		}
	}
	return nil
}

// one checks a version: its blob, its tree, its copy and, if it is the newest, its file in files/.
func (w *worker) one(s *step) error {
	if s.HasContent() {
		w.blob(s)
	}
	if !w.o.Quick && s.lasts {
		w.tree(s)
	}
	if w.alone {
		return nil
	}
	if s.HasContent() && s.Copy != "" {
		w.copy(&s.Version)
	}
	if s.newest {
		w.file(s)
	}
	return nil
}

// blob checks that a version's content is stored, with the recorded size.
func (w *worker) blob(s *step) {
	size, kind, err := w.r.Store.Size(s.Blob)
	switch {
	case err != nil:
		w.report(Finding{Part: PartRecord, Path: s.Source, Object: s.Commit, Msg: "its content cannot be read: " + err.Error()})
	case kind != object.Blob || size != s.Size:
		w.report(Finding{Part: PartRecord, Path: s.Source, Object: s.Commit, Msg: fmt.Sprintf("its content is a %s of %d bytes, its Size %d", kind, size, s.Size)})
	}
}
