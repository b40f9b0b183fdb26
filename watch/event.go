package watch

import (
	"timemachine/repo/record"
)

// classify says what happened to a source, "" where nothing did that makes a version.
func classify(old *known, got *content, ignoreTouched bool) record.Event {
	mode := got.key.Mode & 0o7777
	switch {
	case old == nil || old.deleted:
		return record.Added
	case old.link != got.link:
		return record.TypeChanged
	case old.blob != got.blob, old.stale:
		return record.Modified
	case old.mode != mode, old.uid != got.key.UID, old.gid != got.key.GID:
		return record.Metadata
	case !old.mtime.Equal(got.key.mtime()) && !ignoreTouched && !got.pseudo:
		return record.Touched
	}
	return ""
}
