package watch

import (
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// known is what the last run knew of one source: its newest record, and the file's state when it was looked at.
type known struct {
	source  string
	key     key // zero: not looked at since the records were read again
	blob    object.ID
	commit  object.ID
	mtime   time.Time // of the newest record
	latest  time.Time // the latest mtime of all its records
	mode    uint32
	uid     uint32
	gid     uint32
	size    int64
	link    bool
	deleted bool
	doubt   bool  // looked at so soon after a change that another may hide behind the same state
	stale   bool  // the tree does not hold what the record says
	unsaved bool  // not in the cache as it is here
	torn    uint8 // runs in a row in which it changed while it was read
}

// content is what the source held last; zero where nothing is known.
func (k *known) content() object.ID {
	if k == nil {
		return object.ID{}
	}
	return k.blob
}

// take makes k what version v says.
func (k *known) take(v *record.Version) {
	k.source, k.commit = v.Source, v.Commit
	k.deleted, k.stale = v.Event == record.Deleted, false
	if k.deleted {
		k.key = key{}
		return
	}
	k.blob, k.mtime, k.mode, k.uid, k.gid, k.size, k.link = v.Blob, v.Mtime, v.Mode, v.UID, v.GID, v.Size, v.Link
	if v.Mtime.After(k.latest) {
		k.latest = v.Mtime
	}
}
