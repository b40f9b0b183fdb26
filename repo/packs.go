package repo

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/pack"
)

// packsFile, in what is ours under .git, lists the packs that timemachine wrote, oldest first, one a line, and may name
// some that are gone. No others are ever merged or removed: those that git gc made, or a person, are theirs.
const packsFile = "packs"

const maxPackList = 64 << 20 // bytes: over a million packs

// ownPacks lists the packs of ours that are there and stand alone, oldest first. With a .keep, a bitmap or the like
// beside it a pack is somebody's business; and so are all where a multi-pack-index speaks of them.
func (r *Repo) ownPacks() ([]string, error) {
	there, err := r.packNames()
	if err != nil {
		return nil, err
	}
	if midx, err := exists(r.git, "objects/pack/multi-pack-index"); midx || err != nil {
		return nil, err
	}
	listed, err := r.listedPacks()
	return slices.DeleteFunc(listed, func(name string) bool {
		suffixes := there[name]
		return len(suffixes) != 2 || !suffixes[".pack"] || !suffixes[".idx"]
	}), err
}

func (r *Repo) listedPacks() ([]string, error) {
	b, err := r.own.ReadFile(packsFile, maxPackList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	names := slices.DeleteFunc(strings.Fields(string(b)), func(s string) bool { return !pack.IsName(s) })
	return names, err
}

// listPack notes that a pack is ours before it gets its name, so that one which a run leaves behind when it is killed is
// not taken for somebody else's. It follows the packs in after, of which those that are gone drop out of the list. What
// a power failure does to the list costs some space at most, so it is not forced to disk.
func (r *Repo) listPack(name string, after []string) error {
	there, err := r.packNames()
	if err != nil {
		return err
	}
	listed, err := r.listedPacks()
	if err != nil {
		return err
	}
	listed = slices.DeleteFunc(listed, func(n string) bool { return there[n] == nil || n == name })
	at := len(listed)
	if len(after) > 0 {
		if i := slices.Index(listed, after[len(after)-1]); i >= 0 {
			at = i + 1
		}
	}
	listed = slices.Insert(listed, at, name)
	return r.own.Put(packsFile, []byte(strings.Join(listed, "\n")+"\n"))
}

// retire removes packs of ours whose every object is in another pack, on disk.
func (r *Repo) retire(names ...string) error {
	if len(names) == 0 {
		return nil
	}
	dir, closeDir, err := r.packDir()
	if err != nil {
		return err
	}
	defer closeDir()
	return removePacks(dir, names...)
}

func removePacks(dir *durable.Dir, names ...string) error {
	var errs []error
	for _, name := range names {
		err := dir.Remove(name + ".pack")
		if err == nil {
			err = dir.Remove(name + ".idx")
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// sweepIdx removes idx files without a pack, which a kill in the midst of the pack's coming or going has left. One that
// lists an object which is nowhere else stays: its pack is missed.
func (r *Repo) sweepIdx(dir *durable.Dir, packs map[string]map[string]bool) error {
	for name, suffixes := range packs {
		if !suffixes[".idx"] || suffixes[".pack"] || suffixes[".keep"] {
			continue
		}
		if whole, err := r.store.HasAllOf(name); err != nil || !whole {
			r.o.Log("an idx without its pack is left", "idx", name)
			continue
		}
		if err := dir.Remove(name + ".idx"); err != nil {
			return err
		}
	}
	return nil
}
