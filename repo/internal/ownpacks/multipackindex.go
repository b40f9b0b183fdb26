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

	// MultiPackIndexChain is the folder in which newer gits keep a multi-pack-index in layers.
	MultiPackIndexChain = "multi-pack-index.d"
)

// removeIndexOfRetired removes git's multi-pack-index where it lists a pack that is about to be
// removed, as git itself does in a repack. fsck reports a listed pack that is missing. git
// multi-pack-index write makes the file again.
func (r *Packs) removeIndexOfRetired(dir *durable.Dir, retired []string) error {
	f, err := dir.Open(multiPackIndexName)
	if durable.IsMissing(err) {
		return nil
	}
	if err == nil {
		var listed map[string]bool
		listed, err = multiPackIndexPacks(f)
		f.Close()
		if err == nil && !slices.ContainsFunc(retired, func(name string) bool { return listed[name] }) {
			return nil
		}
	}
	return r.removeMultiPackIndex(dir, "a pack in it is merged")
}

// RemoveStaleMultiPackIndex removes git's multi-pack-index where it lists a missing pack, or one of
// timemachine's. The git that wrote it may have listed the folder before packs were merged or
// written again. Git then finds no object of such a pack, even if another listed pack has it too.
func (r *Packs) RemoveStaleMultiPackIndex(dir *durable.Dir) error {
	f, err := dir.Open(multiPackIndexName)
	if err != nil {
		return nil // missing, or unreadable, which git reports
	}
	listed, err := multiPackIndexPacks(f)
	f.Close()
	if err != nil {
		return nil
	}
	onList, err := r.listedSet()
	if err != nil {
		return err
	}
	for name := range listed {
		if onList[name] {
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

// removeMultiPackIndex removes the multi-pack-index and the files beside it.
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

// HasPackLayers tells whether git keeps a multi-pack-index in layers. timemachine then leaves it
// and all packs to git.
func (r *Packs) HasPackLayers() (bool, error) {
	return durable.PathExists(r.Git, "objects/pack/"+MultiPackIndexChain)
}

var errMultiPackIndex = errors.New("not a multi-pack-index")

// maxMultiPackIndexNames is the most that is read of a multi-pack-index, in bytes: over a million
// packs.
const maxMultiPackIndexNames = 64 << 20

// multiPackIndexPacks lists the packs in a multi-pack-index, without suffix. By gitformat-pack(5)
// the file begins with a header of 12 bytes, whose byte 6 is the number of chunks. A table follows:
// for each chunk its name (4 bytes) and offset (8), and an entry with the end of the last chunk.
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
			if len(name) == 0 { // NULs pad the chunk
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
