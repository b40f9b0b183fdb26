package index

import "timemachine/repo/git/object"

// Index is the content of an index file.
type Index struct {
	Version int     // of the file: 2, 3 or 4
	Entries []Entry // by path as unsigned bytes, then by stage

	// CacheTreeFlaw is where git's cache of trees differs from the entries, so that git would take
	// another tree for that of a folder. It is "" where the two agree.
	CacheTreeFlaw string
}

// Entry is one tracked path at one stage.
type Entry struct {
	Path         string // tree path, exact bytes
	Mode         uint32 // 0100644, 0100755, 0120000 or 0160000 (a commit of another repository)
	ID           object.ID
	Stat         Stat // each field in 32 bits, without sign
	Stage        int  // 0, or 1 (base), 2 (ours) and 3 (theirs) of a conflict
	AssumeValid  bool
	SkipWorktree bool
	IntentToAdd  bool
}

// Parse reads an index of version 2, 3 or 4. Errors are *DamagedError, ErrSplit, ErrSparse,
// ErrExtension and ErrVersion. The Index shares no memory with b.
func Parse(b []byte) (*Index, error) {
	f, err := readFile(b)
	if err != nil {
		return nil, err
	}
	index := &Index{Version: int(f.version), Entries: make([]Entry, f.entries.len())}
	for i := range index.Entries {
		index.Entries[i] = f.entries.at(i).entry()
	}
	index.CacheTreeFlaw = f.cacheTreeFlaw()
	return index, nil
}

func (r rawEntry) entry() Entry {
	return Entry{
		Path:         string(r.name()),
		Mode:         r.mode(),
		ID:           r.id(),
		Stat:         r.stat(),
		Stage:        r.stage(),
		AssumeValid:  r.flags()&assumeValid != 0,
		SkipWorktree: r.more()&skipWorktree != 0,
		IntentToAdd:  r.awaitsAdd(),
	}
}
