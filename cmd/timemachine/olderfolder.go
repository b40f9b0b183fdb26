package main

import (
	"errors"
	"path/filepath"

	"timemachine/repo/history"
)

// mayBeOlder tells that a folder, which the history does not have at a moment, may have been there
// all the same: the first run that looked where it is has recorded it. A file's mtime tells how old
// it is; a folder has none that does. A run looks into the folders that it has recorded.
func (d *diffJob) mayBeOlder(folder string) (bool, error) {
	if d.from.Time.IsZero() || d.isAcross() {
		return false, nil
	}
	first, ok, err := d.folderVersion(folder)
	if err != nil || !ok || first.Before != nil {
		return false, err
	}
	for at := filepath.Dir(folder); ; at = filepath.Dir(at) {
		above, ok, err := d.folderVersion(at)
		switch {
		case err != nil:
			return false, err
		case !ok:
			return true, nil
		case above.Before != nil && above.Before.Scan != first.Scan, above.Scan != first.Scan && above.CaptureTime().Before(first.CaptureTime()):
			return false, nil // a run before had it without this one
		case at == "/":
			return true, nil
		}
	}
}

// folderVersion is the newest version of a folder; false where the history has none.
func (d *diffJob) folderVersion(folder string) (history.Entry, bool, error) {
	e, err := d.h.At(d.ctx, folder, history.Point{})
	var unknown *history.UnknownError
	var absent *history.AbsentError
	if errors.As(err, &unknown) || errors.As(err, &absent) {
		return e, false, nil
	}
	return e, err == nil && e.Folder, err
}
