package record

import "time"

// CaptureTime is the moment of capture: to the nanosecond where the record tells it, else the
// committer date.
func (v *Version) CaptureTime() time.Time {
	if v.Captured.IsZero() {
		return v.Committed
	}
	return v.Captured
}

// InForceSince is the moment from which on the version was in force: its mtime, or where it is a
// Metadata version its ctime, if that lies between the capture before and its own, else its
// capture. A folder's version has no mtime. before is zero where no capture before could have seen
// the source.
func (v *Version) InForceSince(before time.Time) time.Time {
	began := v.Mtime
	if !v.Changed.IsZero() {
		began = v.Changed
	}
	if v.Ends() || v.Folder && v.Changed.IsZero() || !before.IsZero() && began.Before(before) || !v.isBeforeCapture(began) {
		return v.CaptureTime()
	}
	return began
}

// isBeforeCapture tells whether t is no later than the capture. A committer date is rounded down:
// the capture lies within the second after it.
func (v *Version) isBeforeCapture(t time.Time) bool {
	if v.Captured.IsZero() {
		return t.Before(v.Committed.Add(time.Second))
	}
	return !t.After(v.Captured)
}
