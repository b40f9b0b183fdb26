package verify

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// copyNames are the names of all recorded copies, in 16 bytes each.
type copyNames struct {
	sums    [][16]byte
	sorted  bool
	partial bool // not all records could be read
}

func sumOf(name string) [16]byte {
	sum := sha256.Sum256([]byte(name))
	return [16]byte(sum[:16])
}

func compareSums(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }

func (c *copyNames) add(name string) {
	c.sums, c.sorted = append(c.sums, sumOf(name)), false
}

func (c *copyNames) has(name string) bool {
	if !c.sorted {
		slices.SortFunc(c.sums, compareSums)
		c.sorted = true
	}
	_, there := slices.BinarySearchFunc(c.sums, sumOf(name), compareSums)
	return there
}

// strays finds files below copies/ with the name of a copy that no record has. Such a file looks
// like a version that never was. It ignores files with other names.
func (k *verify) strays(h *history) error {
	if h.copies.partial {
		return nil
	}
	dir, err := k.r.Folder.Sub("copies")
	if durable.IsMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	return k.straysIn(dir, "copies", h)
}

// straysIn finds strays in one folder below copies/.
func (k *verify) straysIn(dir *durable.Dir, folder string, h *history) error {
	if err := k.ctx.Err(); err != nil {
		return err
	}
	names, err := dir.Names()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		path := folder + "/" + name
		if layout.MayBeCopy(name) {
			if st, err := dir.Lstat(name); err == nil && !st.IsDir() {
				k.stray(path, h)
			}
			continue // timemachine makes no folder with such a name
		}
		sub, err := dir.Sub(name)
		if err != nil {
			continue // no folder, or a foreign one
		}
		err = k.straysIn(sub, path, h)
		sub.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// stray notes a file with the name of a copy, unless a record has it.
func (k *verify) stray(path string, h *history) {
	if !h.copies.has(k.r.Fold(path)) {
		k.suspect(strayCopy, record.Version{}, path, "is no version's copy", refusal.Remedy{Kind: refusal.MoveCopyAway})
	}
}
