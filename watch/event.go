package watch

import (
	"slices"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/watch/cache"
	"timemachine/watch/capture"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// evidence is what tells the event of a source: its last version, and what is seen of it now. Of
// its content nothing is known before it was read. A folder has none.
type evidence struct {
	before        *cache.State
	stat          *disk.Stat
	link          bool
	folder        bool
	xattrs        []record.Xattr // of what is there now
	linked        certainty      // whether its links differ from the record's
	pseudo        bool
	read          bool
	blob          object.ID // where it was read
	ignoreTouched bool
	ignoresLines  bool // of the content, unread: then nothing about it is certain
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
	{record.TypeChanged, func(e *evidence) certainty {
		return certainIf(e.before.Link != e.link || e.before.Folder != e.folder || e.folder && e.before.Stale)
	}},
	{record.Modified, func(e *evidence) certainty {
		switch {
		case e.folder:
			return no
		case e.before.Stale:
			return certain
		case e.read:
			return certainIf(e.before.Blob != e.blob)
		case !e.pseudo && !e.link && e.before.Size != e.stat.Size && !e.ignoresLines:
			return certain
		}
		return possible
	}},
	{record.Metadata, func(e *evidence) certainty {
		differs := e.before.Mode != e.stat.Mode&0o7777 || e.before.UID != e.stat.UID || e.before.GID != e.stat.GID ||
			e.before.XattrSum != cache.SumXattrs(e.xattrs)
		return max(certainIf(differs), e.linked)
	}},
	{record.Touched, func(e *evidence) certainty {
		touched := certainIf(!e.before.Mtime.Equal(e.stat.Mtime()) && !e.ignoreTouched && !e.pseudo && !e.folder)
		if e.ignoresLines {
			return min(touched, possible)
		}
		return touched
	}},
}

// classify returns the event of a captured source, or "" where nothing changed that makes a
// version. relinked says that its record tells of other links than it has.
func classify(before *cache.State, got *capture.Content, relinked, ignoreTouched bool) record.Event {
	e := evidence{before: before, stat: &got.Stat, link: got.Link, folder: got.Folder, pseudo: got.Pseudo,
		xattrs: got.Xattrs, linked: certainIf(relinked), read: true, blob: got.Blob, ignoreTouched: ignoreTouched}
	for _, row := range events {
		if row.took(&e) == certain {
			return row.event
		}
	}
	return ""
}

// PossibleEvents returns the events that a changed stat can mean, the likelier first, where the
// source has the given attributes. maybe says that there may be no version. Without events, the
// source is only read again to be sure.
func PossibleEvents(ch *scan.Change, xattrs []record.Xattr, c *config.Config) (may []record.Event, maybe bool) {
	e := evidence{before: ch.Before, stat: &ch.File.Stat, link: ch.File.Stat.IsLink(), folder: ch.File.Stat.IsDir(),
		pseudo: ch.File.Pseudo, xattrs: xattrs, ignoreTouched: c.IgnoreTouched, ignoresLines: len(c.LinesToIgnore(ch.File.Path)) > 0}
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
	if e.folder {
		return nil, false
	}
	if !e.pseudo && (e.before.Stat == *e.stat || e.before.Stat.IsZero() && e.before.Mtime.Equal(e.stat.Mtime())) {
		return nil, true
	}
	return may, true
}
