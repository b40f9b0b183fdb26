package history

import (
	"context"

	"timemachine/repo/internal/versions"
	"timemachine/repo/record"
)

// Resolve makes of a number of versions back of path a commit; other points stay as they are. Of a
// file these are its versions. Of a folder, and of what was one, these are the runs that changed
// anything at or below it: the state is that before so many runs. Errors: *UnknownError,
// *BeforeError.
func (h *History) Resolve(ctx context.Context, path string, p Point) (Point, error) {
	if p.Back == 0 {
		return p, nil
	}
	f, what, err := h.kindOf(ctx, path)
	if err != nil {
		return p, err
	}
	at := h.read.Walk(ctx, h.read.Tip, versions.AtOrBelow(path))
	if what == file {
		at = h.read.Chain(ctx, f)
	}
	count := 0
	var last versions.Located
	for f, err := range at {
		if err != nil {
			return p, err
		}
		if count == 0 || what == file || !sameRun(&f, &last) {
			if count == p.Back {
				return Point{Commit: f.Commit}, nil
			}
			count++
		}
		last = f
	}
	if count == 0 {
		return p, &UnknownError{Path: path}
	}
	first, err := h.newEntry(ctx, &last.Version, nil)
	if err != nil {
		return p, err
	}
	return p, &BeforeError{Path: path, First: first, Count: count, Runs: what != file}
}

// sameRun tells whether one run made both versions.
func sameRun(a, b *versions.Located) bool { return a.Scan == b.Scan && a.Scan != "" }

// BeforeDeletion tells whether the point is the commit of a deletion at or below path, and returns
// the point just before: of a file its version before, of a folder the state at and below it before
// the run that noticed the deletion.
func (h *History) BeforeDeletion(ctx context.Context, path string, p Point) (Point, bool, error) {
	if p.Commit.IsZero() {
		return p, false, nil
	}
	deletion, ok, err := h.read.TryCommit(p.Commit, versions.AtOrBelow(path))
	if err != nil || !ok || deletion.Event != record.Deleted {
		return p, false, err
	}
	for f, err := range h.read.Walk(ctx, deletion.Parent, versions.AtOrBelow(path)) {
		if err != nil {
			return p, false, err
		}
		if !sameRun(&f, &deletion) || path == deletion.Source && !deletion.Folder {
			return Point{Commit: f.Commit}, true, nil
		}
	}
	return p, false, nil
}

// FolderOf returns the version of a folder to take for the state at a point: the one in force then,
// else the oldest one after, else the newest one before the folder was deleted. It is false where
// the history has no version of the folder, as before folders were recorded. The point is no number
// of versions back: see Resolve.
func (h *History) FolderOf(ctx context.Context, path string, p Point) (Entry, bool, error) {
	var upTo versions.Located // the newest up to the point's commit
	if !p.Commit.IsZero() {
		f, ok, err := h.read.NewestIn(ctx, path, p.Commit)
		if err != nil {
			return Entry{}, false, err
		}
		if ok && isFolder(&f.Version) {
			e, err := h.entryOf(ctx, f)
			return e, err == nil, err
		}
		upTo = f
	}
	newest, ok, err := h.read.Newest(ctx, path)
	if err != nil || !ok {
		return Entry{}, false, err
	}
	var later Entry
	reached := false // the versions up to the point
	for e, err := range h.entries(ctx, newest) {
		if err != nil {
			return Entry{}, false, err
		}
		if p.Commit.IsZero() {
			reached = reached || p.selects(&e, 0)
		} else {
			reached = reached || e.Commit == upTo.Commit
		}
		switch {
		case reached && isFolder(&e.Version):
			return e, true, nil
		case reached && !later.Commit.IsZero():
			return later, true, nil
		case isFolder(&e.Version):
			later = e
		}
	}
	return later, !later.Commit.IsZero(), nil
}

// isFolder tells whether a folder was there with a version, and not its deletion.
func isFolder(v *record.Version) bool { return v.Folder && !v.Ends() }
