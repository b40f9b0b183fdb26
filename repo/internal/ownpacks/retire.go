package ownpacks

import (
	"errors"
	"slices"
	"timemachine/repo/durable"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/refusal"
)

// OwnPacks lists the packs of ours that are there and stand alone, oldest first. With a .keep, a
// bitmap or the like beside it a pack is somebody's business; and so are all where a
// multi-pack-index has layers.
func (r *Packs) OwnPacks() ([]string, error) {
	there, err := r.PackNames()
	if err != nil {
		return nil, err
	}
	if layered, err := r.HasPackLayers(); layered || err != nil {
		return nil, err
	}
	listed, err := r.listedPacks()
	return slices.DeleteFunc(listed, func(name string) bool {
		suffixes := there[name]
		return len(suffixes) != 2 || !suffixes[".pack"] || !suffixes[".idx"]
	}), err
}

// listPack notes that a pack is ours before it gets its name, so that one which a run leaves behind
// when it is killed is not taken for somebody else's. It follows the packs in after, of which those
// that are gone drop out of the list. What a power failure does to the list costs some space at
// most, so it is not forced to disk.
func (r *Packs) listPack(name string, after []string) error {
	there, err := r.PackNames()
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
	return r.listPacks(listed)
}

// listedPacks is the list of timemachine's packs, some of which may be gone.
func (r *Packs) listedPacks() ([]string, error) {
	names, damaged, err := runstate.PackList(r.StateDir)
	if damaged {
		r.Opts.Log("the list of packs is damaged: those that it does not name are not merged", "file", runstate.PackListPath(r.StateDir))
	}
	return names, err
}

func (r *Packs) listPacks(listed []string) error {
	r.ownSet.Store(nil)
	return runstate.WritePackList(r.StateDir, listed)
}

// List puts a pack on the list again whose .keep tells that it is ours, and what the branch leads
// to all that it holds: a power failure may have taken the list away, or left an old one.
func (r *Packs) List(name string) error {
	listed, err := r.listedPacks()
	if err != nil || slices.Contains(listed, name) {
		return err
	}
	return r.listPack(name, nil)
}

// Unlist takes a pack from the list: the branch does not lead to what it holds.
func (r *Packs) Unlist(name string) error {
	listed, err := r.listedPacks()
	if err != nil || !slices.Contains(listed, name) {
		return err
	}
	return r.listPacks(slices.DeleteFunc(listed, func(n string) bool { return n == name }))
}

// Retire removes packs of ours whose every object is in the pack into, on disk. That is looked up
// once more in what is on disk: a pack of which it is not so stays, whatever was thought.
func (r *Packs) Retire(into string, names ...string) error {
	if len(names) == 0 {
		return nil
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !r.covered(into, name) })
	dir, closeDir, err := r.PackDir()
	if err != nil {
		return err
	}
	defer closeDir()
	if err := r.dropMultiPackIndex(dir, names); err != nil {
		return err
	}
	return errors.Join(removePacks(dir, names...), r.DropUnreliableMultiPackIndex(dir))
}

func (r *Packs) covered(into, name string) bool {
	whole, err := r.Store.Covers(into, name)
	if durable.IsMissing(err) {
		r.Opts.Log("a pack is gone already, or what it was merged into", "pack", name, "into", into, "cause", err.Error())
		return false
	}
	if err != nil || !whole {
		why := "not all that it holds is in " + into
		if err != nil {
			why = err.Error()
		}
		r.Opts.Warn(r.Git.Path("objects/pack/"+name+".pack"), "is left, though it was merged: "+why, refusal.Remedy{Kind: refusal.VerifyPacks})
		return false
	}
	return true
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

// RemoveOrphanIdx removes idx files without a pack, which a kill in the midst of the pack's coming
// or going has left. One that lists an object which is nowhere else stays: its pack is missed.
func (r *Packs) RemoveOrphanIdx(dir *durable.Dir, packs map[string]map[string]bool) error {
	for name, suffixes := range packs {
		if !suffixes[".idx"] || suffixes[".pack"] || suffixes[".keep"] {
			continue
		}
		if whole, err := r.Store.HasAllOf(name); err != nil || !whole {
			r.Opts.Log("an idx without its pack is left", "idx", name)
			continue
		}
		if err := dir.Remove(name + ".idx"); err != nil {
			return err
		}
	}
	return nil
}
