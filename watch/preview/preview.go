// Package preview tells what a run would do now, and what it does with one path and why.
package preview

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/watch"
	"timemachine/watch/cache"
	"timemachine/watch/capture"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
	"timemachine/watch/scan"
	"timemachine/watch/slow"
)

// Preview is what a run would do now, as far as that shows without reading any content.
type Preview struct {
	Sources   int            // number of files and links found
	Bytes     int64          // sum of the files' sizes
	Folders   int            // number of folders that were looked into
	Changes   []Expected     // by path
	Rechecked int            // number of sources without a visible change that are read to be sure
	Failing   []scan.Problem // sources that cannot be read, or are skipped
	Large     []string       // files that would be recorded, and hosting services refuse, by path
	Missing   []string       // roots of entries that do not exist, sorted
	Held      []scan.Problem // folders whose deletions are held back
}

// Expected is a version that a run would record.
type Expected struct {
	Source string
	Folder bool // the source is a folder, or was one before it was deleted
	// Events are the possible events, the likelier first. Only the content decides between several.
	Events []record.Event
	Maybe  bool // only the content decides whether there is a version
}

// New returns what a run would do in the destination dest. h is its history; nil: nothing is
// recorded yet, and dest need not exist. It takes no lock, writes nothing, and opens files without
// reading them. A rewritten branch gives the same *refusal.Error as in a run.
func New(ctx context.Context, c *config.Config, h *history.History, dest string, o own.Places, now time.Time) (p *Preview, err error) {
	err = durable.Guard(func() (err error) {
		p, err = build(ctx, c, h, dest, o, now)
		return err
	})
	return p, err
}

// build is New without protection against a fault in a mapped file.
func build(ctx context.Context, c *config.Config, h *history.History, dest string, o own.Places, now time.Time) (*Preview, error) {
	known, err := cache.LoadForHistory(ctx, h)
	if err != nil {
		return nil, err
	}
	defer known.Close()
	if _, err := disk.StatAt(unix.AT_FDCWD, dest, 0); err != nil && !(h == nil && durable.IsMissing(err)) {
		return nil, &fs.PathError{Op: "stat", Path: dest, Err: err}
	}
	set := o.Find(dest)
	s, err := scan.All(ctx, c, set, known, nil)
	if err != nil {
		return nil, err
	}
	changes, unseen := scan.Compare(s, known, c)
	deleted, held, _ := unseen.Deletions(nil)
	changes = unseen.Settle(append(changes, deleted...))
	look := newLooker(ctx, c, set, now)
	paused := slow.Sources{}
	if h != nil {
		if h.State() != nil {
			paused = slow.Read(h.State())
		}
		owner, _ := h.CheckWriters(ctx, 0, history.Point{}) // whoever can have written it
		if look.capturer.Reader, err = capture.NewDestReader(uint32(owner.UID)); err != nil {
			return nil, err
		}
		defer look.capturer.Reader.Close()
	}
	p := &Preview{Sources: s.Sources, Bytes: s.Bytes(), Folders: s.Folders(), Large: s.LargerThan(watch.HostLimit, c.MaxSize), Failing: scan.RaiseKnown(s.Problems, known), Missing: missingRoots(s), Held: held}
	for i := range changes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s, is := paused[changes[i].File.Path]; is && s.IsPaused(changes[i].File, now) && !changes[i].Deleted {
			p.Failing = append(p.Failing, s.Problem(changes[i].File.Path, now))
			continue
		}
		p.addChange(&changes[i], c, &look)
	}
	slices.SortStableFunc(p.Failing, func(a, b scan.Problem) int { return disk.ComparePaths(a.Path, b.Path) })
	slices.SortFunc(p.Changes, func(a, b Expected) int { return cmp.Compare(a.Source, b.Source) })
	return p, nil
}

// missingRoots returns the roots of the entries that do not exist, sorted.
func missingRoots(s *scan.Scan) []string {
	var roots []string
	for _, e := range s.Missing {
		roots = append(roots, e.Root)
	}
	slices.Sort(roots)
	return slices.Compact(roots)
}

// addChange adds a change to the list that it belongs to.
func (p *Preview) addChange(ch *scan.Change, c *config.Config, look *looker) {
	e := Expected{Source: ch.File.Path, Folder: ch.File.Stat.IsDir() || ch.Deleted && ch.Before.Folder, Events: []record.Event{record.Deleted}}
	if ch.LeadsOn {
		e.Events = []record.Event{record.TypeChanged}
	}
	if !ch.Deleted {
		xattrs, reason, problem := look.look(ch.File)
		if reason != Recorded {
			if problem != nil {
				p.Failing = append(p.Failing, *problem)
			}
			return
		}
		e.Events, e.Maybe = watch.PossibleEvents(ch, xattrs, c)
	}
	if len(e.Events) == 0 {
		if !e.Folder {
			p.Rechecked++
		}
		return
	}
	p.Changes = append(p.Changes, e)
}

// looker looks at single sources as a run would.
type looker struct {
	own      *own.Set // which is never a source
	capturer *capture.Capturer
}

func newLooker(ctx context.Context, c *config.Config, o *own.Set, now time.Time) looker {
	return looker{own: o, capturer: &capture.Capturer{Ctx: ctx, To: capture.HashOnly{}, Clock: func() time.Time { return now },
		MaxSize: c.MaxSize, KeepsXattr: c.KeepsXattr}}
}

// look opens a source and reads its attributes. It returns Recorded, or why a run could not read it
// or would skip it. The problem is nil where a run reports none.
func (l *looker) look(f *scan.File) (xattrs []record.Xattr, reason Reason, problem *scan.Problem) {
	o := capture.Opener{Own: l.own}
	defer o.Close()
	xattrs, err := l.capturer.Check(f, &o)
	barred, isBarred := l.capturer.Reader.Problem(f.Path, err)
	switch {
	case err == nil:
		return xattrs, Recorded, nil
	case isBarred:
		return nil, OwnerMayNot, &barred
	case errors.Is(err, capture.ErrTooLarge):
		return nil, TooLarge, &scan.Problem{Path: f.Path, Msg: capture.TooLarge(l.capturer.MaxSize)}
	case durable.IsMissing(err):
		return nil, Missing, nil
	}
	return nil, Unreadable, &scan.Problem{Path: f.Path, Msg: "cannot be read", Err: durable.WithoutPath(err)}
}
