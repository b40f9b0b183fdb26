package watch

import (
	"slices"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/watch/capture"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// evidence is what tells the event of a source: its last version, and what is seen of it now. Of
// its content nothing is known before it was read.
type evidence struct {
	before        *scan.SourceState
	stat          *disk.Stat
	link          bool
	pseudo        bool
	read          bool
	blob          object.ID // where it was read
	ignoreTouched bool
}

// certainty tells whether an event took place. Possible is the answer where the content decides
// and was not read.
type certainty int

const (
	no certainty = iota
	possible
	certain
)

func certainIf(b bool) certainty {
	if b {
		return certain
	}
	return no
}

// events are the events of a source that is there. The first one that is certain is the event of
// its version. A condition may rely on those before it: they are not certain.
var events = []struct {
	event record.Event
	took  func(*evidence) certainty
}{
	{record.Added, func(e *evidence) certainty { return certainIf(e.before == nil || e.before.Deleted) }},
	{record.TypeChanged, func(e *evidence) certainty { return certainIf(e.before.Link != e.link) }},
	{record.Modified, func(e *evidence) certainty {
		switch {
		case e.before.Stale:
			return certain
		case e.read:
			return certainIf(e.before.Blob != e.blob)
		case !e.pseudo && !e.link && e.before.Size != e.stat.Size:
			return certain
		}
		return possible
	}},
	{record.Metadata, func(e *evidence) certainty {
		return certainIf(e.before.Mode != e.stat.Mode&0o7777 || e.before.UID != e.stat.UID || e.before.GID != e.stat.GID)
	}},
	{record.Touched, func(e *evidence) certainty {
		return certainIf(!e.before.Mtime.Equal(e.stat.Mtime()) && !e.ignoreTouched && !e.pseudo)
	}},
}

// classify returns the event of a captured source, or "" where nothing changed that makes a
// version.
func classify(before *scan.SourceState, got *capture.Content, ignoreTouched bool) record.Event {
	e := evidence{before: before, stat: &got.Stat, link: got.Link, pseudo: got.Pseudo,
		read: true, blob: got.Blob, ignoreTouched: ignoreTouched}
	for _, row := range events {
		if row.took(&e) == certain {
			return row.event
		}
	}
	return ""
}

// possibleEvents returns the events that a changed stat can mean, the likelier first. maybe says
// that there may be no version. Without events, the source is only read again to be sure.
func possibleEvents(ch *scan.Change, ignoreTouched bool) (may []record.Event, maybe bool) {
	e := evidence{before: ch.Before, stat: &ch.File.Stat, link: ch.File.Stat.IsLink(), pseudo: ch.File.Pseudo,
		ignoreTouched: ignoreTouched}
	for _, row := range events {
		switch row.took(&e) {
		case possible:
			may = append(may, row.event)
		case certain:
			if row.event == record.Metadata {
				return slices.Insert(may, 0, row.event), false
			}
			return append(may, row.event), false
		}
	}
	if !e.pseudo && (e.before.Stat == *e.stat || e.before.Stat.IsZero() && e.before.Mtime.Equal(e.stat.Mtime())) {
		return nil, true
	}
	return may, true
}
