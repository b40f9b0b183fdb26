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

// possibleEvents are the versions that a source's state can mean; none where nothing but a doubt
// speaks for one.
func possibleEvents(ch *scan.Change, ignoreTouched bool) (may []record.Event, maybe bool) {
	old, k := ch.Before, &ch.File.Stat
	switch {
	case old == nil || old.Deleted:
		return []record.Event{record.Added}, false
	case old.Link != k.IsLink():
		return []record.Event{record.TypeChanged}, false
	case ch.File.Pseudo:
		return []record.Event{record.Modified}, true
	case old.Stale, !old.Link && old.Size != k.Size:
		return []record.Event{record.Modified}, false
	case old.Mode != k.Mode&0o7777, old.UID != k.UID, old.GID != k.GID:
		return []record.Event{record.Metadata, record.Modified}, false
	case old.Stat == *k:
		return nil, true
	case old.Mtime.Equal(k.Mtime()) && old.Stat.IsZero():
		return nil, true
	case old.Mtime.Equal(k.Mtime()), ignoreTouched:
		return []record.Event{record.Modified}, true
	}
	return []record.Event{record.Modified, record.Touched}, false
}
