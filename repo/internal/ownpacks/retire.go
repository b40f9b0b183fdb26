package ownpacks

import (
	"errors"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/refusal"
)

// Retire removes those of timemachine's packs names whose every object is also in the pack into. It
// compares the files on disk once more. A pack with another object stays, with a warning.
func (r *Packs) Retire(into string, names ...string) error {
	if len(names) == 0 {
		return nil
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !r.isCovered(into, name) })
	dir, closeDir, err := r.PackDir()
	if err != nil {
		return err
	}
	defer closeDir()
	if err := r.removeIndexOfRetired(dir, names); err != nil {
		return err
	}
	return errors.Join(removePacks(dir, names...), r.RemoveStaleMultiPackIndex(dir))
}

// isCovered tells whether the pack into holds every object of the pack name. It warns where not.
func (r *Packs) isCovered(into, name string) bool {
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

// removePacks removes packs, each before its idx.
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

// RemoveOrphanIdx removes idx files without a pack, which a kill has left while the pack was
// published or removed. An idx that lists an object which no other pack has stays: its pack is
// lost, and the idx tells so.
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
