package watch

import (
	"timemachine/repo/record"
	"timemachine/watch/scan"
)

// classify returns the event of a captured source, or "" where nothing changed that makes a
// version.
func classify(before *scan.SourceState, got *content, ignoreTouched bool) record.Event {
	mode := got.stat.Mode & 0o7777
	switch {
	case before == nil || before.Deleted:
		return record.Added
	case before.Link != got.link:
		return record.TypeChanged
	case before.Blob != got.blob, before.Stale:
		return record.Modified
	case before.Mode != mode, before.UID != got.stat.UID, before.GID != got.stat.GID:
		return record.Metadata
	case !before.Mtime.Equal(got.stat.Mtime()) && !ignoreTouched && !got.pseudo:
		return record.Touched
	}
	return ""
}

// possibleEvents returns the events that a changed stat can mean, the likelier first. maybe says
// that there may be no version. Without events, the source is only read again to be sure.
func possibleEvents(ch *scan.Change, ignoreTouched bool) (may []record.Event, maybe bool) {
	before, st := ch.Before, &ch.File.Stat
	switch {
	case before == nil || before.Deleted:
		return []record.Event{record.Added}, false
	case before.Link != st.IsLink():
		return []record.Event{record.TypeChanged}, false
	case ch.File.Pseudo:
		return []record.Event{record.Modified}, true
	case before.Stale, !before.Link && before.Size != st.Size:
		return []record.Event{record.Modified}, false
	case before.Mode != st.Mode&0o7777, before.UID != st.UID, before.GID != st.GID:
		return []record.Event{record.Metadata, record.Modified}, false
	case before.Stat == *st:
		return nil, true
	case before.Mtime.Equal(st.Mtime()) && before.Stat.IsZero():
		return nil, true
	case before.Mtime.Equal(st.Mtime()), ignoreTouched:
		return []record.Event{record.Modified}, true
	}
	return []record.Event{record.Modified, record.Touched}, false
}
