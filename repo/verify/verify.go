// Package verify compares the history with itself, and files/, copies/ and the index with the
// history, and repairs what can be made from it.
package verify

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/maintenance"
	"timemachine/repo/internal/projection"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Part is the part of a destination that a Finding is about.
type Part string

// The parts. The first four are the history, which only another copy of it can repair. The others
// are made from the history.
const (
	PartObject Part = "object" // a stored object, or the pack, idx or loose file that holds it
	PartBranch Part = "branch"
	PartRecord Part = "record" // what a commit says, and whether the commits agree
	PartTree   Part = "tree"   // the tree of a commit
	PartFile   Part = "file"   // below files/
	PartCopy   Part = "copy"   // below copies/
	PartIndex  Part = "index"
	PartGraph  Part = "commit-graph" // git's, which git and timemachine read for speed
	PartConfig Part = "config"       // git's configuration of the repository
)

// Finding is one thing that is wrong.
type Finding struct {
	Part Part
	// the file, relative to the destination; for a record or a tree the source; "" for none
	Path     string
	Object   object.ID // the object or commit; zero for none
	Msg      string    // what is wrong
	Remedy   refusal.Remedy
	Repaired bool
}

// Options says what Run checks. The zero value reads everything and changes nothing.
type Options struct {
	Quick bool // read no contents, in objects, trees, files/ or copies/
	// make again what can be made from the history; the caller holds the lock
	Repair   bool
	WantCopy func(*record.Version) bool // whether a version should have a copy; nil: each one does
	Report   func(Finding)              // called by one goroutine at a time; nil: none
	Progress func(done, total int64)    // called by one goroutine at a time; nil: none
}

// Summary counts what Run checked, and what it found.
type Summary struct {
	Objects, Versions, Files, Copies int64
	Findings, Repaired               int
}

// verify is a verification in progress. Several goroutines may call its report at once.
type verify struct {
	r           *projection.Projection
	maintenance *maintenance.Maintenance
	// makes the destination ready, as for a run
	start func(ctx context.Context) (object.ID, error)
	ctx   context.Context
	o     Options

	commits    int64                // that are to be walked, as far as git's commit-graph tells
	noCopies   bool                 // copies/ is missing or empty
	lost       atomic.Int64         // copies that are missing with it
	alone      bool                 // only the history is checked
	root       object.ID            // tip's tree; zero where it cannot be read
	met        map[string]bool      // errors that unreadable has reported
	collisions map[string]string    // paths in tip's tree that collide with another in files/
	names      *commits.FoldedNames // in tip's tree; nil where the file system does not fold case

	mu       sync.Mutex
	sum      Summary
	suspects []suspect // findings in files/, copies/ and the index
}

// Run compares the history with itself, and files/, copies/ and the index with the history. It
// reports what is wrong; the error says that it could not go on. With Repair it makes again what
// can be made from the history. It never changes the history itself.
//
// start makes the destination ready and returns the tip. Run calls it with Repair only.
func Run(ctx context.Context, r *projection.Projection, start func(context.Context) (object.ID, error), o Options) (*Summary, error) {
	kept, err := r.KeepsCopies()
	if err != nil {
		return &Summary{}, err
	}
	if o.WantCopy == nil {
		o.WantCopy = func(*record.Version) bool { return true }
	}
	k := &verify{r: r, maintenance: maintenance.New(r.Commits), start: start, ctx: ctx, o: o, noCopies: !kept, met: map[string]bool{}}
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
	if err := errors.Join(k.references(), k.places(tip)); err != nil {
		return &k.sum, err
	}
	h, err := k.history(tip)
	if err != nil {
		return &k.sum, err
	}
	k.copiesFolder()
	if err := errors.Join(k.strays(h), k.index(tip, h), k.graph(tip)); err != nil {
		return &k.sum, err
	}
	switch {
	case k.o.Repair:
		return &k.sum, k.repair(tip)
	case o.Repair: // no run can be at work
		for _, s := range k.suspects {
			k.report(s.Finding)
		}
		return &k.sum, nil
	}
	return &k.sum, k.recheck(tip, h)
}

// places finds tip's tree, and the names in it that collide where the file system folds case.
func (k *verify) places(tip object.ID) error {
	k.root = object.ID{}
	root, err := k.r.TreeOf(tip)
	if err != nil {
		return nil // the walk reports the commit
	}
	if _, err := k.r.Store.ReadTree(root); err != nil {
		return k.unreadable(tip, err)
	}
	if k.root = root; !k.r.FoldsCase() {
		return nil
	}
	if k.collisions, err = k.r.Collisions(tip); err == nil {
		k.names, err = k.r.NamesIn(tip)
	}
	return k.unreadable(tip, err)
}

// RunHistory compares the history up to tip with itself, in any clone. In a clone git wrote what
// lies beside the history, so it is neither checked nor repaired.
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

// infoFlaws lists what is wrong with the files in .git/info.
func (k *verify) infoFlaws() []Finding {
	var found []Finding
	for _, name := range dest.InfoFiles {
		if msg := k.r.InfoFlaw(name); msg != "" {
			found = append(found, Finding{Part: PartFile, Path: ".git/info/" + name, Msg: msg, Remedy: refusal.Remedy{Kind: refusal.NextRunRepairs}})
		}
	}
	return found
}

// begin returns the tip; zero where there is none, which it reports. With Repair it first finishes
// what runs left unfinished, and ends Repair where the history is damaged.
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
		if !k.o.Repair {
			return object.ID{}, nil
		}
		k.o.Repair = false // nothing can be made from such a history
		if tip, err = k.r.Tip(); err != nil {
			return object.ID{}, nil // reported just now
		}
	}
	if err != nil || k.o.Repair {
		return tip, err
	}
	return tip, k.mark(tip)
}

// references looks at all references: git stops at some flaws of any, and waits for a FIFO.
func (k *verify) references() error {
	flaws, err := k.r.Refs.Flaws(k.r.Store.Has)
	for _, f := range flaws {
		k.report(Finding{Part: PartBranch, Path: filepath.Join(".git", f.Name), Msg: f.Msg})
	}
	return err
}

// mark checks the pending mark.
func (k *verify) mark(tip object.ID) error {
	base, pending, err := k.r.Pending(tip)
	if err != nil || !pending {
		return err
	}
	what := refusal.Remedy{Kind: refusal.NextRunRepairs}
	if k.r.Index.ForeignWork() != "" {
		what = k.r.Index.WorkRemedy()
	}
	if versions, _, err := k.r.Since(k.ctx, tip, base); err != nil || len(versions) > 0 {
		k.suspect(pendingMark, record.Version{}, ".git/timemachine/pending", "files/ and the index are not up to date with the history yet", what)
	}
	return nil
}

// bare is a remedy of a command alone, for a finding that says the rest. path may be empty.
func (k *verify) bare(kind refusal.RemedyKind, path string) refusal.Remedy {
	what := k.r.Remedy(kind, path)
	what.Bare = true
	return what
}

// relative is the path of a file relative to the destination.
func (k *verify) relative(file string) string {
	if rel, err := filepath.Rel(k.r.Path, file); err == nil {
		return rel
	}
	return file
}

// report counts a finding and passes it on.
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
