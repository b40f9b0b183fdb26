// Package verify compares the history with itself, and files/, copies/ and the index with the
// history, and repairs what can be made from it.
package verify

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"sync"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/maintenance"
	"timemachine/repo/internal/projection"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Part is what of a destination a Finding is about.
type Part string

// The parts. The first four are the history, which only another copy of it can repair. The others
// are made from the history.
const (
	PartObject Part = "object" // a stored object, or the pack, idx or loose file that holds it
	PartBranch Part = "branch"
	PartRecord Part = "record" // what a commit says, and how the commits hang together
	PartTree   Part = "tree"   // what a commit's tree holds
	PartFile   Part = "file"   // below files/
	PartCopy   Part = "copy"   // below copies/
	PartIndex  Part = "index"
	PartGraph  Part = "commit-graph" // git's, which git and timemachine read for speed
)

// Finding is one thing that is not as it should be.
type Finding struct {
	Part     Part
	Path     string    // the file, relative to the destination; of a record or tree the source; "" where there is none
	Object   object.ID // the object or commit; zero where there is none
	Msg      string    // what is wrong, in words
	Remedy   refusal.Remedy
	Repaired bool
}

// Options says how far Verify goes. The zero value reads everything and changes nothing.
type Options struct {
	Quick    bool                       // leave contents unread: objects, trees, files/ and copies/
	Repair   bool                       // make again what can be made from the history; the caller holds the lock
	WantCopy func(*record.Version) bool // whether a version has a copy; nil: each
	Report   func(Finding)              // called by one goroutine at a time; nil: none
	Progress func(done, total int64)    // called by one goroutine at a time; nil: none
}

// Summary is what Verify looked at.
type Summary struct {
	Objects, Versions, Files, Copies int64
	Findings, Repaired               int
}

// verify is a verification under way. Its report may be called by several goroutines at once.
type verify struct {
	r           *projection.Projection
	maintenance *maintenance.Maintenance
	start       func(ctx context.Context) (object.ID, error) // makes the destination ready, as for a run
	ctx         context.Context
	o           Options

	alone      bool                 // the history is all there is to look at
	collisions map[string]string    // paths of tip's tree that share their place in files/ with another
	names      *commits.FoldedNames // of tip's tree, where the file system folds names; else nil

	mu       sync.Mutex
	sum      Summary
	suspects []suspect // findings beside the history
}

// Run compares the history with itself, and files/, copies/ and the index with the history. What is
// wrong is reported, and is no error: the error says that Verify could not go on. With Repair, what
// can be made from the history is made again; the history itself is never touched.
//
// start makes the destination ready and returns the tip. It is called with Repair only.
func Run(ctx context.Context, r *projection.Projection, start func(context.Context) (object.ID, error), o Options) (*Summary, error) {
	kept, err := r.KeepsCopies()
	if err != nil {
		return &Summary{}, err
	}
	if !kept {
		o.WantCopy = func(*record.Version) bool { return false }
	}
	if o.WantCopy == nil {
		o.WantCopy = func(*record.Version) bool { return true }
	}
	k := &verify{r: r, maintenance: maintenance.New(r.Commits), start: start, ctx: ctx, o: o}
	if err := k.objects(); err != nil {
		return &k.sum, err
	}
	info := k.infoFlaws()
	tip, err := k.begin()
	for _, f := range info {
		f.Repaired = o.Repair && r.InfoFlaw(path.Base(f.Path)) == ""
		k.report(f)
	}
	if err != nil || tip.IsZero() {
		return &k.sum, err
	}
	if err := k.places(tip); err != nil {
		return &k.sum, err
	}
	h, err := k.history(tip)
	if err != nil {
		return &k.sum, err
	}
	if err := errors.Join(k.strays(h), k.index(tip, h), k.graph(tip)); err != nil {
		return &k.sum, err
	}
	if o.Repair {
		return &k.sum, k.repair(tip)
	}
	return &k.sum, k.recheck(tip, h)
}

// places finds the names of tip's tree that collide, where the file system folds names.
func (k *verify) places(tip object.ID) (err error) {
	if !k.r.FoldsCase() {
		return nil
	}
	if k.collisions, err = k.r.Collisions(tip); err == nil {
		k.names, err = k.r.NamesIn(tip)
	}
	return err
}

// RunHistory compares the history up to tip with itself. It serves any clone: what lies beside the
// history there is git's own work, and is never repaired.
func RunHistory(ctx context.Context, c *commits.Commits, tip object.ID, o Options) (*Summary, error) {
	o.Repair = false
	k := &verify{r: projection.New(c), maintenance: maintenance.New(c), ctx: ctx, o: o, alone: true}
	if err := k.objects(); err != nil {
		return &k.sum, err
	}
	_, err := k.history(tip)
	if err == nil {
		err = k.graph(tip)
	}
	return &k.sum, err
}

// infoFlaws says what is wrong with the files of .git/info.
func (k *verify) infoFlaws() []Finding {
	var found []Finding
	for _, name := range dest.InfoFiles {
		if msg := k.r.InfoFlaw(name); msg != "" {
			found = append(found, Finding{Part: PartFile, Path: ".git/info/" + name, Msg: msg, Remedy: refusal.Remedy{Kind: refusal.NextRunRepairs}})
		}
	}
	return found
}

// begin finds the tip, and when repairing finishes what runs left unfinished.
func (k *verify) begin() (tip object.ID, err error) {
	if k.o.Repair {
		tip, err = k.start(k.ctx)
	} else {
		tip, err = k.r.Tip()
	}
	if flaw := k.r.Refs.HeadFlaw(); flaw != "" {
		head := k.r.HeadRemedy()
		head.Bare = true
		k.report(Finding{Part: PartBranch, Path: ".git/HEAD", Msg: flaw + ": git finds no repository", Remedy: head})
	}
	var state *refusal.Error
	if errors.As(err, &state) && state.Kind == refusal.Damaged {
		k.report(Finding{Part: PartBranch, Path: filepath.Join(".git", k.r.Branch), Msg: state.Error(), Remedy: state.Remedy})
		return object.ID{}, nil
	}
	if err != nil || k.o.Repair {
		return tip, err
	}
	return tip, k.mark(tip)
}

// mark looks at the pending mark.
func (k *verify) mark(tip object.ID) error {
	base, pending, err := k.r.Pending(tip)
	if err != nil || !pending {
		return err
	}
	if versions, _, err := k.r.Since(k.ctx, tip, base); err != nil || len(versions) > 0 {
		k.suspect(pendingMark, record.Version{}, ".git/timemachine/pending", "files/ and the index are not up to date with the history yet", refusal.Remedy{Kind: refusal.NextRunRepairs})
	}
	return nil
}

// bare is a remedy that is told by its command alone: the finding says the rest. path may be empty.
func (k *verify) bare(kind refusal.RemedyKind, path string) refusal.Remedy {
	what := k.r.Remedy(kind, path)
	what.Bare = true
	return what
}

func (k *verify) relative(file string) string {
	if rel, err := filepath.Rel(k.r.Path, file); err == nil {
		return rel
	}
	return file
}

func (k *verify) report(f Finding) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sum.Findings++
	if f.Repaired {
		k.sum.Repaired++
		f.Remedy = refusal.Remedy{}
	}
	if k.o.Report != nil {
		k.o.Report(f)
	}
}
