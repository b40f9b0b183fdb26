package verify

import (
	"errors"
	"fmt"
	"io/fs"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// index compares the index with the newest versions, where timemachine may change the index. It
// ignores foreign entries.
func (k *verify) index(tip object.ID, h *history) error {
	if k.r.Index.ForeignWork() != "" || k.indexLocked() {
		return nil
	}
	entries, err := k.readIndex()
	if err != nil || entries == nil {
		return err
	}
	if k.root.IsZero() {
		return nil // reported already
	}
	if msg, err := k.r.AttributesFlawAt(tip); err != nil {
		return k.unreadable(tip, err)
	} else if msg != "" {
		k.suspect(wrongAttributes, record.Version{}, dest.AttributesFile, msg, refusal.Remedy{})
	}
	if err := k.unreadable(tip, k.xattrs(tip, entries)); err != nil {
		return err
	}
	tree, err := k.r.Files(tip)
	if err != nil {
		return k.unreadable(tip, err)
	}
	for _, p := range h.newest {
		e, there := tree[p.path]
		if there == p.gone || there && (e.ID != p.blob || e.Mode != p.mode) {
			continue // another program changed the tree; the next run records what is true
		}
		if msg := entryFlaw(entries, p); msg != "" {
			k.suspectEntry(p, msg)
		}
	}
	return nil
}

// entryFlaw says how the index differs from the history at one path; "" for nothing.
func entryFlaw(entries map[string]index.Entry, p place) string {
	e, there := entries[p.path]
	switch {
	case p.gone && there:
		return "the index holds what is gone"
	case p.gone:
		return ""
	case !there:
		return "is not in the index"
	case e.Stage != 0:
		return "is in conflict in the index"
	case e.ID != p.blob || e.Mode != uint32(p.mode):
		return fmt.Sprintf("the index holds %s with mode %o, the history %s with mode %s", e.ID.Short(), e.Mode, p.blob.Short(), p.mode)
	}
	return ""
}

// suspectEntry notes a wrong index entry for a source.
func (k *verify) suspectEntry(p place, msg string) {
	v, _, err := k.r.Version(p.commit)
	if err != nil {
		return // reported already
	}
	kind := wrongEntry
	if p.gone {
		kind = leftoverEntry
	}
	k.suspect(kind, v, p.path, msg, refusal.Remedy{})
}

// indexLocked tells whether a process holds git's lock of the index.
func (k *verify) indexLocked() bool {
	there, err := k.r.Git.Exists("index.lock")
	return there || err != nil
}

// readIndex returns the entries of the index by path. It returns nil where the index cannot be
// used, which it reports.
func (k *verify) readIndex() (map[string]index.Entry, error) {
	read, err := k.r.Index.Read()
	switch {
	case errors.Is(err, index.ErrSplit), errors.Is(err, index.ErrSparse):
		k.report(Finding{Part: PartIndex, Path: ".git/index", Msg: err.Error(), Remedy: k.r.Index.WriteRemedy(err)})
		return nil, nil
	case err != nil:
		msg := durable.Reason(err)
		if errors.Is(err, fs.ErrNotExist) {
			msg = "is missing"
		}
		k.suspect(damagedIndex, record.Version{}, ".git/index", msg, refusal.Remedy{})
		return nil, nil
	}
	if msg := k.indexFlaw(read); msg != "" {
		k.suspect(damagedIndex, record.Version{}, ".git/index", msg, refusal.Remedy{})
		return nil, nil
	}
	entries := make(map[string]index.Entry, len(read.Entries))
	for _, e := range read.Entries {
		if old, twice := entries[e.Path]; !twice || old.Stage > e.Stage {
			entries[e.Path] = e
		}
	}
	return entries, nil
}

// indexFlaw tells what git stops at in an index that can be read; "" for nothing.
func (k *verify) indexFlaw(read *index.Index) string {
	if read.CacheTreeFlaw != "" {
		return read.CacheTreeFlaw
	}
	for i := range read.Entries {
		e := &read.Entries[i]
		if e.Path != dest.AttributesFile || e.Stage != 0 {
			continue
		}
		if has, err := k.r.Store.Has(e.ID); err == nil && !has {
			return fmt.Sprintf("its entry %s names %s, which is missing", e.Path, e.ID.Short())
		}
	}
	return ""
}
