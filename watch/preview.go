package watch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"timemachine/repo/history"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// Preview is what a run would do now, as far as that shows without reading any content.
type Preview struct {
	Sources   int            // watched and found
	Changes   []Expected     // by path
	Rechecked int            // sources without a sign of change that are read again to make sure
	Failing   []scan.Problem // what cannot be read, or is left out
	Missing   []string       // what is listed and not there
	Held      []scan.Problem // places whose deletions are held back
}

// Expected is a version that a run would record.
type Expected struct {
	Source string
	// Events are what it may be, the likelier first: more than one where only the content can tell.
	Events []record.Event
	Maybe  bool // only the content can tell whether it is a version at all
}

// NewPreview tells what a run over everything would do in the destination dest, whose history is h;
// nil where nothing is recorded yet. It takes no lock, writes nothing, and opens files without
// reading them. A history whose branch was rewritten gives the *repo.StateError that a run would
// give.
func NewPreview(ctx context.Context, c *config.Config, h *history.History, dest string) (p *Preview, err error) {
	err = durable.Guard(func() (err error) {
		p, err = buildPreview(ctx, c, h, dest)
		return err
	})
	return p, err
}

func buildPreview(ctx context.Context, c *config.Config, h *history.History, dest string) (*Preview, error) {
	know, err := scan.LoadForHistory(ctx, h)
	if err != nil {
		return nil, err
	}
	defer know.Close()
	k, err := scan.StatAt(unix.AT_FDCWD, dest, 0)
	if err != nil {
		return nil, pathError("stat", dest, err)
	}
	s, err := scan.All(ctx, c, k.Inode(), know)
	if err != nil {
		return nil, err
	}
	changes, absent := scan.Compare(s, know, c)
	deleted, held, _ := absent.Deletions(nil)
	changes = append(changes, deleted...)
	p := &Preview{Sources: s.Sources, Failing: s.Problems, Missing: missingRoots(s), Held: held}
	for i := range changes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.addChange(&changes[i], c)
	}
	slices.SortFunc(p.Changes, func(a, b Expected) int { return cmp.Compare(a.Source, b.Source) })
	return p, nil
}

// missingRoots are the roots of the entries that do not exist, in order.
func missingRoots(s *scan.Scan) []string {
	var roots []string
	for _, e := range s.Missing {
		roots = append(roots, e.Root)
	}
	slices.Sort(roots)
	return slices.Compact(roots)
}

// addChange puts a change where it belongs.
func (p *Preview) addChange(ch *scan.Change, c *config.Config) {
	e := Expected{Source: ch.File.Path, Events: []record.Event{record.Deleted}}
	if !ch.Deleted {
		if trouble, fine := checkReadable(ch, c.MaxSize); !fine {
			if trouble != nil {
				p.Failing = append(p.Failing, *trouble)
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

// checkReadable opens a source and reads nothing. fine is false where a run would not get at its
// content; the Problem is nil where it has vanished.
func checkReadable(ch *scan.Change, maxSize int64) (trouble *scan.Problem, fine bool) {
	f := &ch.File
	if f.Pseudo || f.Stat.IsLink() {
		return nil, true
	}
	if maxSize > 0 && f.Stat.Size > maxSize {
		return &scan.Problem{Path: f.Path, Msg: fmt.Sprintf("is larger than max-size (%d bytes): skipped", maxSize)}, false
	}
	var o opener
	defer o.close()
	src, err := o.open(f)
	if err == nil {
		opened, _, oerr := src.open()
		if err = oerr; err == nil {
			opened.close()
			return nil, true
		}
	}
	if durable.IsMissing(err) {
		return nil, false
	}
	return &scan.Problem{Path: f.Path, Msg: "cannot be read", Err: durable.WithoutPath(err)}, false
}
