package ownpacks

import (
	"slices"
	"timemachine/repo/internal/runstate"
)

// MergeablePacks lists the packs of ours that are there and stand alone, oldest first. With a .keep, a
// bitmap or the like beside it a pack is somebody's business; and so are all where a
// multi-pack-index has layers.
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

// addToList notes that a pack is ours before it gets its name, so that one which a run leaves behind
// when it is killed is not taken for somebody else's. It follows the packs in after, of which those
// that are gone drop out of the list. What a power failure does to the list costs some space at
// most, so it is not forced to disk.
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

// listedPacks is the list of timemachine's packs, some of which may be gone.
func (r *Packs) listedPacks() ([]string, error) {
	names, damaged, err := runstate.PackList(r.StateDir)
	if damaged {
		r.Opts.Log("the list of packs is damaged: those that it does not name are not merged", "file", runstate.PackListPath(r.StateDir))
	}
	return names, err
}

func (r *Packs) writeList(listed []string) error {
	r.listed.Store(nil)
	return runstate.WritePackList(r.StateDir, listed)
}

// EnsureListed puts a pack on the list again whose .keep tells that it is ours, and what the branch leads
// to all that it holds: a power failure may have taken the list away, or left an old one.
func (r *Packs) EnsureListed(name string) error {
	listed, err := r.listedPacks()
	if err != nil || slices.Contains(listed, name) {
		return err
	}
	return r.addToList(name, nil)
}

// Unlist takes a pack from the list: the branch does not lead to what it holds.
func (r *Packs) Unlist(name string) error {
	listed, err := r.listedPacks()
	if err != nil || !slices.Contains(listed, name) {
		return err
	}
	return r.writeList(slices.DeleteFunc(listed, func(n string) bool { return n == name }))
}

// listedSet is the set of the packs of ours. It is read once for each pack that is written.
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

// CountUnlisted counts the packs that are not on the list of ours.
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
