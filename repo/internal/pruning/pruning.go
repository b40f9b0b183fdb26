package pruning

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/comparer"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Options of Prune.
type Options struct {
	Policy   Policy
	Now      time.Time
	Last     time.Time               // when the policy was applied last; zero: never
	Limit    time.Duration           // how long copies are removed; 0: without end
	DryRun   bool                    // only count
	Progress func(done, total int64) // copies looked at; nil: none
}

// Pruned is what Prune did.
type Pruned struct {
	Copies int64 // removed
	Bytes  int64 // that were freed: those of files with no other name

	// Copies that stay though the policy does not keep them.
	Differ  int64 // they are not what their version says
	Waiting int64 // the newest copy of their source is not there
	Needed  int64 // the history has lost their content
	Failed  int64 // they could not be removed
	Cause   error // why the first of these could not be; it names its path

	Unfinished bool // Options.Limit was reached
}

// IsComplete tells whether a later Prune need not look at the same copies again.
func (p *Pruned) IsComplete() bool { return p.Waiting+p.Needed+p.Failed == 0 && !p.Unfinished }

// Prune removes the copies that the policy does not keep. With Last, only those that were kept
// then. Memory is in proportion to the number of these copies (20 bytes each) and of sources.
func Prune(ctx context.Context, c *commits.Commits, tip object.ID, o Options) (Pruned, error) {
	var out []object.ID
	p := newPruner(c, &o)
	defer p.copies.Close()
	err := choose(ctx, c, tip, o.Policy, o.Now, o.Last, func(v *record.Version, newest, kept, before bool) {
		switch {
		case kept:
			p.keep(v, newest)
		case before:
			out = append(out, v.Commit)
		}
	})
	if err != nil {
		return Pruned{}, err
	}
	p.begin()
	for i, id := range out {
		if err := ctx.Err(); err != nil {
			return p.done, err
		}
		if p.isLate() {
			break
		}
		v, _, err := c.Version(id)
		if err != nil {
			return p.done, err
		}
		p.remove(&v)
		if o.Progress != nil {
			o.Progress(int64(i+1), int64(len(out)))
		}
	}
	p.leave()
	return p.done, nil
}

// Kept lists the commits of the versions that keep their copies.
func Kept(ctx context.Context, c *commits.Commits, tip object.ID, p Policy, now time.Time) (map[object.ID]bool, error) {
	kept := map[object.ID]bool{}
	err := choose(ctx, c, tip, p, now, time.Time{}, func(v *record.Version, _, keeps, _ bool) {
		if keeps {
			kept[v.Commit] = true
		}
	})
	return kept, err
}

// LeftOut tells which versions up to the commit end a policy did not keep the copies of at a
// moment, or had none made. A zero end stands for the last version that was captured by then.
// Memory is 20 bytes for each; by a policy of none, for each version after end.
func LeftOut(ctx context.Context, c *commits.Commits, tip, end object.ID, p Policy, at time.Time) (func(*record.Version) bool, error) {
	after := map[object.ID]bool{}
	err := c.Walk(ctx, tip, end, func(v record.Version, ours bool) error {
		if ours && end.IsZero() && !v.CaptureTime().After(at) {
			end = v.Commit
			return errPassed
		}
		after[v.Commit] = true
		return nil
	})
	if err != nil && !errors.Is(err, errPassed) {
		return nil, err
	}
	if p.None {
		return func(v *record.Version) bool { return !after[v.Commit] }, nil
	}
	out := map[object.ID]bool{}
	err = choose(ctx, c, end, p, at, time.Time{}, func(v *record.Version, _, kept, _ bool) {
		if !kept {
			out[v.Commit] = true
		}
	})
	return func(v *record.Version) bool { return out[v.Commit] }, err
}

// PruneDisplaced removes the copies that the versions after base, up to tip, have displaced: those
// of earlier versions of the same sources beyond the policy's Count.
func PruneDisplaced(ctx context.Context, c *commits.Commits, tip, base object.ID, o Options) (Pruned, error) {
	p := newPruner(c, &o)
	defer p.copies.Close()
	p.begin()
	seen := map[string]bool{}
	err := c.Walk(ctx, tip, base, func(v record.Version, ours bool) error {
		if !ours || seen[v.Source] || v.Previous.IsZero() || p.isLate() {
			return nil
		}
		seen[strings.Clone(v.Source)] = true
		return p.displacedBy(ctx, &v)
	})
	p.leave()
	return p.done, err
}

// later is what a walk from the newest version back knows of a source.
type later struct {
	at     time.Time // when the version that it met last was captured
	before object.ID // the commit of the version before that one; zero for none
	newer  int       // versions with copies that it has met
	fresh  int       // of these, captured after the last time
}

// hasCopy tells whether a version has a copy, at a path that is one of its source.
func hasCopy(v *record.Version) bool {
	return v.HasContent() && v.Copy != "" && record.IsCopyPath(&v.Record)
}

// choose calls visit for each version that has a copy. newest is set for the newest version of a
// source that is there. kept tells whether a version keeps its copy now, and before whether it did
// at the time last; a zero one is before everything, when all were kept. Versions that were not
// kept then may be left out, and those of sources of which no more are removed.
func choose(ctx context.Context, c *commits.Commits, tip object.ID, p Policy, now, last time.Time, visit func(v *record.Version, newest, kept, before bool)) error {
	sources := map[string]*later{}
	meet := func(s *later, v *record.Version) {
		if hasCopy(v) {
			before := last.IsZero() || p.keeps(s.at, s.newer-s.fresh, last)
			visit(v, s.at.IsZero(), p.keeps(s.at, s.newer, now), before)
			s.newer++
			if v.CaptureTime().After(last) {
				s.fresh++
			}
		}
		s.at, s.before = v.CaptureTime(), v.Previous
	}
	window := newWindow(p, last)
	err := c.Walk(ctx, tip, object.ID{}, func(v record.Version, ours bool) error {
		if !ours {
			return nil
		}
		if window.isPassed(v.CaptureTime()) {
			return errPassed
		}
		s := sources[v.Source]
		if s == nil {
			s = &later{}
			sources[strings.Clone(v.Source)] = s
		}
		meet(s, &v)
		return nil
	})
	if !errors.Is(err, errPassed) {
		return err
	}
	for source, s := range sources {
		if err := goOn(c, source, s, func() bool { return p.keeps(s.at, s.newer-s.fresh, last) }, meet); err != nil {
			return err
		}
	}
	return nil
}

// goOn meets the versions of a source before those that a walk has met, for as long as wasKept says
// that the next one was kept the last time.
func goOn(c *commits.Commits, source string, s *later, wasKept func() bool, meet func(*later, *record.Version)) error {
	for !s.before.IsZero() && wasKept() {
		v, _, err := c.Version(s.before)
		if errors.Is(err, record.ErrNone) || err == nil && v.Source != source {
			return nil // the record is not to be believed
		}
		if err != nil {
			return err
		}
		meet(s, &v)
	}
	return nil
}

// errPassed ends a walk that has met all that it looked for.
var errPassed = errors.New("what comes is of no interest")

// window is the time whose versions a walk must meet: it ends now. By a policy of a time it begins
// that time before the last time that the policy was applied: what was replaced before is removed.
// By a policy of a number it begins at the last time: no other source has more copies since. A
// history of years is longer. The versions before the window that count, too, are those before the
// ones that the walk has met.
type window struct {
	begin  time.Time // zero: there is none
	oldest time.Time // of the versions that the walk has met
	wrong  bool      // the clock has gone back: a version below can be dated later than one above
}

// A clock that has gone back by more than clockStep shows in the window, and then all of the
// history is looked at. One that went back before shows nothing: it may have been wrong by
// clockSlack.
const (
	clockStep  = time.Hour
	clockSlack = 48 * time.Hour
)

func newWindow(p Policy, last time.Time) window {
	switch {
	case last.IsZero() || p.None || p.KeepsAll():
		return window{}
	case p.Count > 0:
		return window{begin: last}
	}
	return window{begin: last.Add(-p.For)}
}

// isPassed tells whether a walk back that meets a version captured at a time has left the window.
func (w *window) isPassed(at time.Time) bool {
	if w.begin.IsZero() {
		return false
	}
	w.wrong = w.wrong || !w.oldest.IsZero() && at.Sub(w.oldest) > clockStep
	if w.oldest.IsZero() || at.Before(w.oldest) {
		w.oldest = at
	}
	return !w.wrong && at.Before(w.begin.Add(-clockSlack))
}

// pruner removes single copies.
type pruner struct {
	commits *commits.Commits
	o       *Options
	check   *comparer.Comparer
	copies  *durable.Walker
	newest  map[string]string // the newest copies of sources that are there, by source
	kept    map[string]bool   // paths of copies that are kept
	late    time.Time         // zero: never
	folder  string            // of the last copy that was removed
	done    Pruned
}

func newPruner(c *commits.Commits, o *Options) *pruner {
	return &pruner{commits: c, o: o, check: comparer.New(c.Dest, true), copies: durable.NewWalker(c.Folder), newest: map[string]string{}, kept: map[string]bool{}}
}

// begin begins the time that Options.Limit gives.
func (p *pruner) begin() {
	if p.o.Limit > 0 {
		p.late = time.Now().Add(p.o.Limit)
	}
}

// isLate tells whether that time is over.
func (p *pruner) isLate() bool {
	p.done.Unfinished = p.done.Unfinished || !p.late.IsZero() && time.Now().After(p.late)
	return p.done.Unfinished
}

// keep notes a version that keeps its copy. No other record of its path counts.
func (p *pruner) keep(v *record.Version, newest bool) {
	path := strings.Clone(v.Copy)
	p.kept[path] = true
	if newest {
		p.newest[strings.Clone(v.Source)] = path
	}
}

// displacedBy goes back from a version until it comes to one whose copy is gone.
func (p *pruner) displacedBy(ctx context.Context, v *record.Version) error {
	source := strings.Clone(v.Source)
	for n := 0; ; {
		if hasCopy(v) {
			if n++; n <= p.o.Policy.Count {
				p.keep(v, n == 1)
			} else if !p.remove(v) {
				return nil
			}
		}
		if v.Previous.IsZero() || ctx.Err() != nil || p.isLate() {
			return ctx.Err()
		}
		earlier, _, err := p.commits.Version(v.Previous)
		if err != nil || earlier.Source != source { // then the record is not to be believed
			return err
		}
		v = &earlier
	}
}

// remove removes a version's copy, and tells whether it did. One that differs from the version
// stays, since somebody has changed it, as does one that is the last of its source or of its
// content.
func (p *pruner) remove(v *record.Version) bool {
	if err := p.check.CopyFlaw(p.copies, v); err != nil || p.kept[v.Copy] {
		if err != nil && !durable.IsMissing(err) {
			p.done.Differ++
		}
		return false
	}
	if newest := p.newest[v.Source]; newest != "" && !p.exists(newest) {
		p.done.Waiting++
		return false
	}
	if err := p.readContent(v); err != nil {
		if p.done.Needed++; p.done.Cause == nil {
			p.done.Cause = fmt.Errorf("%s: the history has lost its content: %w", v.Copy, err)
		}
		return false
	}
	folder, name := layout.Split(v.Copy)
	dir, err := p.copies.Dir(folder)
	var st durable.Stat
	if err == nil {
		st, err = dir.Lstat(name)
	}
	if err == nil && !p.o.DryRun {
		err = dir.Remove(name)
	}
	if err != nil {
		if !durable.IsMissing(err) {
			p.fail(v.Copy, err)
		}
		return false
	}
	p.done.Copies++
	if st.Links <= 1 {
		p.done.Bytes += st.Blocks * 512
	}
	if folder != p.folder {
		p.leave()
		p.folder = folder
	}
	return true
}

// exists tells whether a copy is there. What cannot be looked at counts as there.
func (p *pruner) exists(path string) bool {
	folder, name := layout.Split(path)
	dir, err := p.copies.Dir(folder)
	if err == nil {
		_, err = dir.Lstat(name)
	}
	return !durable.IsMissing(err)
}

// readContent reads a version's content in the history to its end, which compares it with its name.
func (p *pruner) readContent(v *record.Version) error {
	src, size, err := p.commits.Store.Stream(v.Blob)
	if err != nil {
		return err
	}
	defer src.Close()
	_, err = io.Copy(io.Discard, object.NewBlobReader(src, size, v.Blob))
	return err
}

func (p *pruner) fail(path string, err error) {
	if p.done.Failed++; p.done.Cause == nil {
		p.done.Cause = fmt.Errorf("%s: %w", path, durable.WithoutPath(err))
	}
}

// leave removes the folder of the last copies where it is empty now.
func (p *pruner) leave() {
	if p.folder == "" || p.o.DryRun {
		return
	}
	if err := p.copies.Prune(p.folder); err != nil {
		p.fail(p.folder, err)
	}
	p.folder = ""
}
