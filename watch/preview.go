package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/watch/capture"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
	"timemachine/watch/scan"
)

// Preview is what a run would do now, as far as that shows without reading any content.
type Preview struct {
	Sources   int            // number of sources found
	Changes   []Expected     // by path
	Rechecked int            // number of sources without a visible change that are read to be sure
	Failing   []scan.Problem // sources that cannot be read, or are skipped
	Missing   []string       // roots of entries that do not exist, sorted
	Held      []scan.Problem // folders whose deletions are held back
}

// Expected is a version that a run would record.
type Expected struct {
	Source string
	// Events are the possible events, the likelier first. Only the content decides between several.
	Events []record.Event
	Maybe  bool // only the content decides whether there is a version
}

// NewPreview returns what a run would do in the destination dest. h is its history; nil: nothing is
// recorded yet. It takes no lock, writes nothing, and opens files without reading them. A rewritten
// branch gives the same *refusal.Error as in a run.
func NewPreview(ctx context.Context, c *config.Config, h *history.History, dest string, o own.Places, now time.Time) (p *Preview, err error) {
	err = durable.Guard(func() (err error) {
		p, err = buildPreview(ctx, c, h, dest, o, now)
		return err
	})
	return p, err
}

// buildPreview is NewPreview without protection against a fault in a mapped file.
func buildPreview(ctx context.Context, c *config.Config, h *history.History, dest string, o own.Places, now time.Time) (*Preview, error) {
	cache, err := scan.LoadForHistory(ctx, h)
	if err != nil {
		return nil, err
	}
	defer cache.Close()
	if _, err := disk.StatAt(unix.AT_FDCWD, dest, 0); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: dest, Err: err}
	}
	set := o.Find(dest)
	s, err := scan.All(ctx, c, set, cache)
	if err != nil {
		return nil, err
	}
	changes, unseen := scan.Compare(s, cache, c)
	deleted, held, _ := unseen.Deletions(nil)
	changes = unseen.Settle(append(changes, deleted...))
	look := looker{own: set, capturer: capture.Capturer{MaxSize: c.MaxSize}}
	slow := slowSources{}
	if h != nil {
		if h.State() != nil {
			slow = readSlow(h.State())
		}
		owner, _ := h.CheckWriters(ctx, 0, history.Point{}) // whoever can have written it
		if look.capturer.Reader, err = capture.NewDestReader(uint32(owner.UID)); err != nil {
			return nil, err
		}
		defer look.capturer.Reader.Close()
	}
	p := &Preview{Sources: s.Sources, Failing: s.Problems, Missing: missingRoots(s), Held: held}
	for i := range changes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s, is := slow[changes[i].File.Path]; is && s.isPaused(&changes[i].File, now) && !changes[i].Deleted {
			p.Failing = append(p.Failing, s.problem(changes[i].File.Path, now))
			continue
		}
		p.addChange(&changes[i], c, &look)
	}
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
	e := Expected{Source: ch.File.Path, Events: []record.Event{record.Deleted}}
	if ch.BecameFolder {
		e.Events = []record.Event{record.TypeChanged}
	}
	if !ch.Deleted {
		if problem, ok := look.checkReadable(ch); !ok {
			if problem != nil {
				p.Failing = append(p.Failing, *problem)
			}
			return
		}
		e.Events, e.Maybe = possibleEvents(ch, c.IgnoreTouched)
	}
	if len(e.Events) == 0 {
		p.Rechecked++
		return
	}
	p.Changes = append(p.Changes, e)
}

// looker looks at single sources as a run would.
type looker struct {
	own      *own.Set // which is never a source
	capturer capture.Capturer
}

// checkReadable opens a source and reads nothing. ok is false where a run could not read or would
// skip it. The problem is nil where the source has vanished.
func (l *looker) checkReadable(ch *scan.Change) (problem *scan.Problem, ok bool) {
	o := capture.Opener{Own: l.own}
	defer o.Close()
	err := l.capturer.Check(&ch.File, &o)
	barred, isBarred := l.capturer.Reader.Problem(ch.File.Path, err)
	switch {
	case err == nil:
		return nil, true
	case isBarred:
		return &barred, false
	case errors.Is(err, capture.ErrTooLarge):
		return &scan.Problem{Path: ch.File.Path, Msg: tooLarge(l.capturer.MaxSize)}, false
	case durable.IsMissing(err):
		return nil, false
	}
	return &scan.Problem{Path: ch.File.Path, Msg: "cannot be read", Err: durable.WithoutPath(err)}, false
}

// tooLarge says of a source that max-size leaves it out.
func tooLarge(maxSize int64) string {
	return fmt.Sprintf("is larger than max-size (%d bytes): skipped", maxSize)
}
