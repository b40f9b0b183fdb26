package watch

import (
	"timemachine/repo/record"
	"timemachine/watch/scan"
)

// classify says what happened to a source, "" where nothing did that makes a version.
func classify(old *scan.SourceState, got *content, ignoreTouched bool) record.Event {
	mode := got.key.Mode & 0o7777
	switch {
	case old == nil || old.Deleted:
		return record.Added
	case old.Link != got.link:
		return record.TypeChanged
	case old.Blob != got.blob, old.Stale:
		return record.Modified
	case old.Mode != mode, old.UID != got.key.UID, old.GID != got.key.GID:
		return record.Metadata
	case !old.Mtime.Equal(got.key.Mtime()) && !ignoreTouched && !got.pseudo:
		return record.Touched
	}
	return ""
}
