package pruning

import (
	"context"
	"fmt"
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
	Until    time.Time               // no copy is removed after it; zero: no limit
	DryRun   bool                    // only count
	Progress func(done, total int64) // copies looked at; nil: none
}

// Pruned is what Prune did.
type Pruned struct {
	Copies     int64 // removed
	Bytes      int64 // that were freed: those of files with no other name
	Differ     int64 // copies that are not what their version says: they stay
	Failed     int64 // copies that could not be removed
	Cause      error // why the first of them could not be; it names its path
	Unfinished bool  // Options.Until was reached
}

// Prune removes the copies that the policy does not keep. With Last, only those that were kept
// then. Memory is in proportion to the number of these copies (20 bytes each) and of sources.
func Prune(ctx context.Context, c *commits.Commits, tip object.ID, o Options) (Pruned, error) {
	var out []object.ID
	err := choose(ctx, c, tip, o.Policy, o.Now, o.Last, func(v *record.Version, kept, before bool) {
		if !kept && before {
			out = append(out, v.Commit)
		}
	})
	if err != nil || len(out) == 0 {
		return Pruned{}, err
	}
	p := pruner{o: &o, check: comparer.New(c.Dest, true), copies: durable.NewWalker(c.Folder)}
	defer p.copies.Close()
	for i, id := range out {
		if err := ctx.Err(); err != nil {
			return p.done, err
		}
		if !o.Until.IsZero() && i%64 == 63 && time.Now().After(o.Until) {
			p.done.Unfinished = true
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
	err := choose(ctx, c, tip, p, now, time.Time{}, func(v *record.Version, keeps, _ bool) {
		if keeps {
			kept[v.Commit] = true
		}
	})
	return kept, err
}

// later is what a walk from the newest version back knows of a source.
type later struct {
	at    time.Time // when the version that it met last was captured
	newer int       // versions with copies that it has met
	fresh int       // of these, captured after the last time
}

// choose calls visit for each version that has a copy. kept tells whether it keeps it now, and
// before whether it did at the time last; a zero one is before everything, when all were kept.
func choose(ctx context.Context, c *commits.Commits, tip object.ID, p Policy, now, last time.Time, visit func(v *record.Version, kept, before bool)) error {
	sources := map[string]*later{}
	return c.Walk(ctx, tip, object.ID{}, func(v record.Version, ours bool) error {
		if !ours {
			return nil
		}
		s := sources[v.Source]
		if s == nil {
			s = &later{}
			sources[strings.Clone(v.Source)] = s
		}
		if v.HasContent() && v.Copy != "" {
			before := last.IsZero() || p.keeps(s.at, s.newer-s.fresh, last)
			visit(&v, p.keeps(s.at, s.newer, now), before)
			s.newer++
			if v.CaptureTime().After(last) {
				s.fresh++
			}
		}
		s.at = v.CaptureTime()
		return nil
	})
}

// pruner removes single copies.
type pruner struct {
	o      *Options
	check  *comparer.Comparer
	copies *durable.Walker
	folder string // of the last copy that was removed
	done   Pruned
}

// remove removes a version's copy, unless it differs from the version: then somebody has changed
// it.
func (p *pruner) remove(v *record.Version) {
	if err := p.check.CopyFlaw(p.copies, v); err != nil {
		if !durable.IsMissing(err) {
			p.done.Differ++
		}
		return
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
		return
	}
	p.done.Copies++
	if st.Links <= 1 {
		p.done.Bytes += st.Blocks * 512
	}
	if folder != p.folder {
		p.leave()
		p.folder = folder
	}
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

// PruneDisplaced removes the copies that the versions after base, up to tip, have displaced: those
// of earlier versions of the same sources beyond the policy's Count.
func PruneDisplaced(ctx context.Context, c *commits.Commits, tip, base object.ID, o Options) (Pruned, error) {
	p := pruner{o: &o, check: comparer.New(c.Dest, true), copies: durable.NewWalker(c.Folder)}
	defer p.copies.Close()
	seen := map[string]bool{}
	err := c.Walk(ctx, tip, base, func(v record.Version, ours bool) error {
		if !ours || seen[v.Source] || v.Previous.IsZero() || p.done.Unfinished {
			return nil
		}
		seen[strings.Clone(v.Source)] = true
		if p.done.Unfinished = !o.Until.IsZero() && time.Now().After(o.Until); p.done.Unfinished {
			return nil
		}
		return p.displacedBy(ctx, c, &v)
	})
	p.leave()
	return p.done, err
}

// displacedBy goes back from a version until it comes to one whose copy is gone.
func (p *pruner) displacedBy(ctx context.Context, c *commits.Commits, v *record.Version) error {
	for n := 0; ; {
		if v.HasContent() && v.Copy != "" {
			if n++; n > p.o.Policy.Count {
				removed := p.done.Copies
				if p.remove(v); p.done.Copies == removed {
					return nil
				}
			}
		}
		if v.Previous.IsZero() || ctx.Err() != nil {
			return ctx.Err()
		}
		earlier, _, err := c.Version(v.Previous)
		if err != nil {
			return err
		}
		v = &earlier
	}
}
