package repo

import (
	"context"
	"path"
	"time"

	"timemachine/repo/object"
)

// maxRun is how many commits of one run are read, at most, to find the run before it. In larger runs, such as the first
// over many files, nothing is assumed to have been looked at before.
const maxRun = 1024

// smallRun is how many of them are read before the commit-graph is asked.
const smallRun = 32

// earlier is the run before one, as far as it matters for files that the one captured first.
type earlier struct {
	ended   time.Time       // its last capture; zero: there is none, or it is not known
	commit  object.ID       // its last
	watched map[string]bool // whether a folder was looked at then
}

// lookBefore is when the place of f, its source's first version, was looked at before f was captured, and the source not
// there; zero where that is not known. A run looks at a folder if it, or one above it, held a version of a file directly
// in it by then.
func (h *History) lookBefore(ctx context.Context, f *found) (time.Time, error) {
	e, ok := h.runs[f.Scan]
	if !ok {
		var err error
		if e, err = h.runBefore(ctx, *f); err != nil {
			return time.Time{}, err
		}
		if h.runs == nil {
			h.runs = map[string]*earlier{}
		}
		h.runs[f.Scan] = e
	}
	if e.ended.IsZero() {
		return time.Time{}, nil
	}
	if looked, err := h.lookedAt(e, path.Dir(f.Source)); !looked || err != nil {
		return time.Time{}, err
	}
	return e.ended, nil
}

// runBefore finds the run before that of f. Of commits made within one second one is read, where the commit-graph tells.
func (h *History) runBefore(ctx context.Context, f found) (*earlier, error) {
	everything := atOrBelow("/")
	scan := f.Scan
	for n := range maxRun {
		id := f.parent
		if n > smallRun {
			id = h.olderThan(id, f.Captured)
		}
		if id.IsZero() {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		g, ours, err := h.commit(id, everything)
		if err != nil {
			return nil, err
		}
		if ours && g.Scan != scan {
			return &earlier{ended: g.Captured, commit: id, watched: map[string]bool{}}, nil
		}
		if ours {
			f = g
		}
		f.parent = g.parent
	}
	return &earlier{}, nil
}

// lookedAt tells whether a run looked at a folder.
func (h *History) lookedAt(e *earlier, folder string) (bool, error) {
	if looked, known := e.watched[folder]; known {
		return looked, nil
	}
	looked, err := h.holdsFiles(e.commit, folder)
	if err == nil && !looked && folder != "/" {
		looked, err = h.lookedAt(e, path.Dir(folder))
	}
	e.watched[folder] = looked
	return looked, err
}
