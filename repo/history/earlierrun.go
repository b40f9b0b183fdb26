package history

import (
	"context"
	"path"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/versions"
	"timemachine/repo/record"
)

// maxRun is the number of commits of one run that are read to find the run before it. For larger
// runs, such as the first over many files, the run before counts as unknown.
const maxRun = 1024

// smallRun is the number of commits that are read before the commit-graph is opened.
const smallRun = 32

// earlierRun is what is known of the run before another run.
type earlierRun struct {
	ended   time.Time       // the capture of its last version
	commit  object.ID       // its last one; zero: the run is unknown
	scanned map[string]bool // whether the run scanned a folder
}

// isUnknown tells that there is no earlier run, or that it is too many commits away.
func (e *earlierRun) isUnknown() bool { return e.commit.IsZero() }

// scanBefore returns when the run before v's scanned the folder of v and did not find its source.
// v is the first version of the source. The result is zero where the run did not scan the folder,
// or where nothing is known of it. A run scans a folder that directly holds a recorded file, and
// all folders below.
func (h *History) scanBefore(ctx context.Context, v *record.Version) (time.Time, error) {
	e, err := h.runBefore(ctx, v)
	if err != nil || e.isUnknown() {
		return time.Time{}, err
	}
	if scanned, err := h.wasScanned(e, path.Dir(v.Source)); !scanned || err != nil {
		return time.Time{}, err
	}
	return e.ended, nil
}

// runBefore returns the run before that of v.
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

// findRunBefore goes back from v to a commit of another run. Where the commit-graph tells, it
// reads only one of the commits made within a second.
func (h *History) findRunBefore(ctx context.Context, v *record.Version) (*earlierRun, error) {
	everything := versions.AtOrBelow("/")
	id, committed := v.Commit, v.Committed
	for n := range maxRun {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, selected, err := h.read.Commit(id, everything)
		if err != nil {
			return nil, err
		}
		if selected && f.Scan != v.Scan {
			return &earlierRun{ended: f.CaptureTime(), commit: id, scanned: map[string]bool{}}, nil
		}
		if selected {
			committed = f.Committed
		}
		if id = f.Parent; n > smallRun {
			id = h.read.FirstNotAt(id, committed)
		}
		if id.IsZero() {
			break
		}
	}
	return &earlierRun{}, nil
}

// wasScanned tells whether a run scanned a folder.
func (h *History) wasScanned(e *earlierRun, folder string) (bool, error) {
	if scanned, known := e.scanned[folder]; known {
		return scanned, nil
	}
	scanned, err := h.read.HoldsFiles(e.commit, folder)
	if err == nil && !scanned && folder != "/" {
		scanned, err = h.wasScanned(e, path.Dir(folder))
	}
	e.scanned[folder] = scanned
	return scanned, err
}
