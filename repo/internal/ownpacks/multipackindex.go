package ownpacks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"timemachine/repo/durable"
)

const (
	multiPackIndexName = "multi-pack-index"
	// Newer gits write it in layers, in a folder.
	MultiPackIndexChain = "multi-pack-index.d"
)

// removeIndexOfRetired removes git's multi-pack-index where it speaks of a pack that is about to go,
// as git does when it repacks: fsck counts a pack that it misses as damage. It is made from the
// packs' own, by git multi-pack-index write.
func (r *Packs) removeIndexOfRetired(dir *durable.Dir, going []string) error {
	f, err := dir.Open(multiPackIndexName)
	if durable.IsMissing(err) {
		return nil
	}
	if err == nil {
		var listed map[string]bool
		listed, err = multiPackIndexPacks(f)
		f.Close()
		if err == nil && !slices.ContainsFunc(going, func(name string) bool { return listed[name] }) {
			return nil
		}
	}
	return r.removeMultiPackIndex(dir, "a pack in it is merged")
}

// RemoveStaleMultiPackIndex removes one that speaks of a pack that is not there, or of one of
// ours: the git that made it may have looked at the folder before packs were merged, or before one
// was written again. Git finds nothing of such a pack, not even what another pack in it has as
// well.
func (r *Packs) RemoveStaleMultiPackIndex(dir *durable.Dir) error {
	f, err := dir.Open(multiPackIndexName)
	if err != nil {
		return nil // there is none, or it is git's to complain of
	}
	listed, err := multiPackIndexPacks(f)
	f.Close()
	if err != nil {
		return nil
	}
	ours, err := r.listedSet()
	if err != nil {
		return err
	}
	for name := range listed {
		if ours[name] {
			return r.removeMultiPackIndex(dir, "it speaks of a pack of ours")
		}
		there, err := dir.Exists(name + ".pack")
		if err != nil {
			return err
		}
		if !there {
			return r.removeMultiPackIndex(dir, "it speaks of a pack that is gone")
		}
	}
	return nil
}

func (r *Packs) removeMultiPackIndex(dir *durable.Dir, why string) error {
	r.Opts.Log("git's multi-pack-index is removed", "why", why)
	names, err := dir.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == multiPackIndexName || strings.HasPrefix(name, multiPackIndexName+"-") && (strings.HasSuffix(name, ".bitmap") || strings.HasSuffix(name, ".rev")) {
			if err := dir.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// HasPackLayers tells whether git keeps a multi-pack-index in layers. It is left to git then, and
// all packs with it.
func (r *Packs) HasPackLayers() (bool, error) {
	return durable.PathExists(r.Git, "objects/pack/"+MultiPackIndexChain)
}

var errMultiPackIndex = errors.New("not a multi-pack-index")

// maxMultiPackIndexNames is the most that is read of a multi-pack-index, in bytes: over a million
// packs.
const maxMultiPackIndexNames = 64 << 20

// multiPackIndexPacks lists the packs that a multi-pack-index speaks of, without suffix. The file
// is, after gitformat-pack(5): a header of 12 bytes with the number of chunks at the sixth, then
// for each chunk its name (4 bytes) and where it begins (8), and one more with the end of the last.
// The chunk PNAM holds the names of the idx files, a NUL after each.
func multiPackIndexPacks(f io.ReaderAt) (map[string]bool, error) {
	head := make([]byte, 12)
	if _, err := f.ReadAt(head, 0); err != nil || string(head[:4]) != "MIDX" {
		return nil, errMultiPackIndex
	}
	table := make([]byte, 12*(int(head[6])+1))
	if _, err := f.ReadAt(table, 12); err != nil {
		return nil, errMultiPackIndex
	}
	for i := 0; i+24 <= len(table); i += 12 {
		if string(table[i:i+4]) != "PNAM" {
			continue
		}
		begin, end := binary.BigEndian.Uint64(table[i+4:]), binary.BigEndian.Uint64(table[i+16:])
		if end < begin || end-begin > maxMultiPackIndexNames {
			return nil, errMultiPackIndex
		}
		names := make([]byte, end-begin)
		if _, err := f.ReadAt(names, int64(begin)); err != nil {
			return nil, errMultiPackIndex
		}
		packs := map[string]bool{}
		for name := range bytes.SplitSeq(names, []byte{0}) {
			if len(name) == 0 { // the chunk is filled up with NULs
				continue
			}
			if durable.CheckName(string(name)) != nil {
				return nil, errMultiPackIndex
			}
			packs[strings.TrimSuffix(string(name), ".idx")] = true
		}
		return packs, nil
	}
	return nil, errMultiPackIndex
}
