package history

import (
	"context"
	"path"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// maxRun is how many commits of one run are read, at most, to find the run before it. In larger
// runs, such as the first over many files, nothing is assumed to have been looked at before.
const maxRun = 1024

// smallRun is how many of them are read before the commit-graph is asked.
const smallRun = 32

// earlierRun is the run before one, as far as it matters for files that the one captured first.
type earlierRun struct {
	ended   time.Time       // the capture of its last version
	commit  object.ID       // its last; zero: there is no such run, or it is too far away
	watched map[string]bool // whether a folder was looked at then
}

func (e *earlierRun) none() bool { return e.commit.IsZero() }

// scanBefore is when the place of v, its source's first version, was looked at before v was
// captured, and the source not there; zero where that is not known. A run looks at a folder if it,
// or one above it, held a version of a file directly in it by then.
func (h *History) scanBefore(ctx context.Context, v *record.Version) (time.Time, error) {
	e, err := h.runBefore(ctx, v)
	if err != nil || e.none() {
		return time.Time{}, err
	}
	if looked, err := h.wasScanned(e, path.Dir(v.Source)); !looked || err != nil {
		return time.Time{}, err
	}
	return e.ended, nil
}

// runBefore is the run before that of v.
func (h *History) runBefore(ctx context.Context, v *record.Version) (*earlierRun, error) {
	e, ok := h.runs[v.Scan]
	if ok {
		return e, nil
	}
	e, err := h.findRunBefore(ctx, v)
	if err != nil {
		return nil, err
	}
	if h.runs == nil {
		h.runs = map[string]*earlierRun{}
	}
	h.runs[v.Scan] = e
	return e, nil
}

// findRunBefore goes back from v to a commit of another run. In large ones, of commits made within
// one second one is read, where the commit-graph tells.
func (h *History) findRunBefore(ctx context.Context, v *record.Version) (*earlierRun, error) {
	everything := atOrBelow("/")
	id, committed := v.Commit, v.Committed
	for n := range maxRun {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, ours, err := h.commit(id, everything)
		if err != nil {
			return nil, err
		}
		if ours && f.Scan != v.Scan {
			return &earlierRun{ended: f.CaptureTime(), commit: id, watched: map[string]bool{}}, nil
		}
		if ours {
			committed = f.Committed
		}
		if id = f.parent; n > smallRun {
			id = h.firstNotAt(id, committed)
		}
		if id.IsZero() {
			break
		}
	}
	return &earlierRun{}, nil
}

// wasScanned tells whether a run looked at a folder.
func (h *History) wasScanned(e *earlierRun, folder string) (bool, error) {
	if looked, known := e.watched[folder]; known {
		return looked, nil
	}
	looked, err := h.holdsFiles(e.commit, folder)
	if err == nil && !looked && folder != "/" {
		looked, err = h.wasScanned(e, path.Dir(folder))
	}
	e.watched[folder] = looked
	return looked, err
}
