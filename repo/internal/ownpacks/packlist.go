package ownpacks

import (
	"slices"

	"timemachine/repo/internal/runstate"
)

// MergeablePacks lists timemachine's packs that exist and may be merged, oldest first. A pack with
// a .keep, a bitmap or another file beside it stays. All packs stay where git's multi-pack-index
// has layers.
func (r *Packs) MergeablePacks() ([]string, error) {
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

// addToList puts a pack on the list, behind the packs in after, before the pack gets its name. So a
// pack that a killed run leaves is not taken for a foreign one. Missing packs leave the list. A
// power failure may lose the change, which costs disk space at most, so it is not synced.
func (r *Packs) addToList(name string, after []string) error {
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
	return r.writeList(listed)
}

// listedPacks is the list of timemachine's packs, some of which may be missing.
func (r *Packs) listedPacks() ([]string, error) {
	names, damaged, err := runstate.PackList(r.StateDir)
	if damaged {
		r.Opts.Log("the list of packs is damaged: those that it does not name are not merged", "file", runstate.PackListPath(r.StateDir))
	}
	return names, err
}

// writeList replaces the list.
func (r *Packs) writeList(listed []string) error {
	r.listed.Store(nil)
	return runstate.WritePackList(r.StateDir, listed)
}

// EnsureListed puts a pack on the list if it is missing there. Its .keep tells that the pack is
// timemachine's, and the branch leads to all its objects. A power failure may have lost the list or
// left an old one.
func (r *Packs) EnsureListed(name string) error {
	listed, err := r.listedPacks()
	if err != nil || slices.Contains(listed, name) {
		return err
	}
	return r.addToList(name, nil)
}

// Unlist takes a pack from the list, because the branch does not lead to its objects.
func (r *Packs) Unlist(name string) error {
	listed, err := r.listedPacks()
	if err != nil || !slices.Contains(listed, name) {
		return err
	}
	return r.writeList(slices.DeleteFunc(listed, func(n string) bool { return n == name }))
}

// listedSet is the list as a set. It is read once for each pack that is written.
func (r *Packs) listedSet() (map[string]bool, error) {
	if set := r.listed.Load(); set != nil {
		return *set, nil
	}
	names, err := r.listedPacks()
	if err != nil {
		return nil, err
	}
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	r.listed.Store(&set)
	return set, nil
}

// CountUnlisted counts the packs that are not on timemachine's list.
func (r *Packs) CountUnlisted() (n int, err error) {
	there, err := r.PackNames()
	if err != nil {
		return 0, err
	}
	listed, err := r.listedPacks()
	for name, suffixes := range there {
		if suffixes[".pack"] && !slices.Contains(listed, name) {
			n++
		}
	}
	return n, err
}
