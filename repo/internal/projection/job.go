package projection

import (
	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/gitindex"
	"timemachine/repo/internal/ownpacks"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// updateJob is what an update brings up to date: files/, copies/ and the index, from one commit to
// another. An update can be done again without harm.
type updateJob struct {
	Base, Tip object.ID          // the commits that the work tree was and will be up to date with
	Versions  []*record.Version  // of the commits between, oldest first
	OutOfTree map[string]bool    // sources whose newest version Tip's tree lacks: not in files/
	Contents  *ownpacks.Contents // what is still in memory of them; nil: nothing
	Index     *gitindex.Lock
	Start     startState
	Bulk      durability // of many files: wholeFS or leftToSystem; few are synced one by one
	Marked    bool       // a pending mark covers the job: what many files replace may go first
	More      bool       // another job follows at once with the same Index, and writes it
	NoCopies  bool       // copies/ is left as it is
	Warn      func(path, msg string, what refusal.Remedy)
}

// startState is what is known of the work tree before an update.
type startState int

const (
	// atBase says that the work tree is up to date with Base: what lies where Base has nothing is
	// foreign. Zero says nothing: an update may have been interrupted.
	atBase startState = iota + 1
	// beforeBase says that Base itself is pending: the mark stays.
	beforeBase
)

// durability says how what an update wrote gets onto the disk.
type durability int

const (
	// eachFile is synced as it is written, and its folder after it.
	eachFile durability = iota
	// wholeFS is synced once, when everything is written.
	wholeFS
	// leftToSystem is not synced: the pending mark stays until a later run syncs.
	leftToSystem
)

// outcome is what came of an update.
type outcome struct {
	changes       []index.Change // for the index
	folders       []string       // written in, where files are synced one by one
	unwritten     runstate.Unwritten
	copiesWritten int
	indexError    error // why the index could not be written
	copiesOmitted bool  // copies were left out for want of space, or copies/ fails as a whole
	unlisted      bool  // what could not be written is not all listed
	pending       bool  // files/ or the index is not up to date: the mark stays
}

// take adds what a writer did.
func (o *outcome) take(w *writer) {
	o.changes = append(o.changes, w.changes...)
	o.folders = append(o.folders, w.folders...)
	o.unwritten.Files = append(o.unwritten.Files, w.unwritten.Files...)
	o.unwritten.Copies = append(o.unwritten.Copies, w.unwritten.Copies...)
	o.copiesWritten += w.copiesWritten
}

func indexStat(st durable.Stat) index.Stat {
	return index.Stat{CtimeSec: st.Ctime.Sec, CtimeNsec: uint32(st.Ctime.Nsec), MtimeSec: st.Mtime.Sec, MtimeNsec: uint32(st.Mtime.Nsec),
		Dev: st.Dev, Ino: st.Ino, UID: st.UID, GID: st.GID, Size: st.Size}
}
