package verify

import (
	"errors"
	"fmt"
	"io/fs"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/projection"
)

// index compares the index with the newest versions, where it is ours to keep. Entries of others
// are theirs.
func (k *verify) index(tip object.ID, h *history) error {
	if k.r.NotOursNow() != "" || k.indexLocked() {
		return nil
	}
	entries, err := k.readIndex()
	if err != nil || entries == nil {
		return err
	}
	if msg := k.r.AttributesFlaw(); msg != "" {
		k.suspects(suspect{Finding: Finding{Part: PartFile, Path: dest.AttributesFile, Msg: msg}})
	}
	tree, err := k.r.Files(tip)
	if err != nil {
		k.report(Finding{Part: PartTree, Object: tip, Msg: err.Error()})
		return nil
	}
	for source, p := range h.newest {
		e, there := tree[p.path]
		if there == p.deleted || there && (e.ID != p.blob || e.Mode != p.mode) {
			continue // somebody changed the tree; the next run settles it
		}
		if msg := entryFlaw(entries, p); msg != "" {
			k.entrySuspect(source, p, msg)
		}
	}
	return nil
}

// entryFlaw tells how the index differs from the history at one path.
func entryFlaw(entries map[string]index.Entry, p place) string {
	e, there := entries[p.path]
	switch {
	case p.deleted && there:
		return "the index holds what was deleted"
	case p.deleted:
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

func (k *verify) entrySuspect(source string, p place, msg string) {
	v, _, err := k.r.Version(p.commit)
	if err != nil {
		return // said already
	}
	k.suspects(suspect{v: v, place: !p.deleted, gone: p.deleted, Finding: Finding{Part: PartIndex, Path: p.path, Object: p.commit, Msg: msg}})
}

func (k *verify) indexLocked() bool {
	there, err := k.r.Git.Exists("index.lock")
	return there || err != nil
}

// readIndex is the index by path, nil where it cannot be used; that is reported.
func (k *verify) readIndex() (map[string]index.Entry, error) {
	b, err := k.r.Git.ReadFile("index", projection.MaxIndex)
	var read *index.Index
	if err == nil {
		read, err = index.Parse(b)
	}
	switch {
	case errors.Is(err, index.ErrSplit), errors.Is(err, index.ErrSparse):
		k.report(Finding{Part: PartIndex, Path: ".git/index", Msg: err.Error(), Remedy: k.r.IndexRemedy(err)})
		return nil, nil
	case err != nil:
		msg := durable.Reason(err)
		if errors.Is(err, fs.ErrNotExist) {
			msg = "is missing"
		}
		k.suspects(suspect{whole: true, Finding: Finding{Part: PartIndex, Path: ".git/index", Msg: msg}})
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
