package scan

import (
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// SourceState is what the last run knew of one source: its newest record, and the file's state when
// it was looked at.
type SourceState struct {
	source      string
	Stat        Stat // zero: not looked at since the records were read again
	Blob        object.ID
	Commit      object.ID
	Mtime       time.Time // of the newest record
	LatestMtime time.Time // the latest mtime of all its records
	Mode        uint32
	UID         uint32
	GID         uint32
	Size        int64
	Link        bool
	Deleted     bool
	Doubtful    bool  // looked at so soon after a change that another may hide behind the same state
	Stale       bool  // the tree does not hold what the record says
	unsaved     bool  // not in the cache as it is here
	TornRuns    uint8 // runs in a row in which it changed while it was read
}

// Content is what the source held last; zero where nothing is known.
func (k *SourceState) Content() object.ID {
	if k == nil {
		return object.ID{}
	}
	return k.Blob
}

// SetVersion makes k what version v says.
func (k *SourceState) SetVersion(v *record.Version) {
	k.source, k.Commit = v.Source, v.Commit
	k.Deleted, k.Stale = v.Event == record.Deleted, false
	if k.Deleted {
		k.Stat = Stat{}
		return
	}
	k.Blob, k.Mtime, k.Mode, k.UID, k.GID, k.Size, k.Link = v.Blob, v.Mtime, v.Mode, v.UID, v.GID, v.Size, v.Link
	if v.Mtime.After(k.LatestMtime) {
		k.LatestMtime = v.Mtime
	}
}
