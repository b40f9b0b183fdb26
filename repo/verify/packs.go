package verify

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/repo/git/pack"
	"timemachine/repo/refusal"
)

// objects checks what the history is stored in. With Repair, each pack whose idx is missing or
// wrong gets another one, which is made from the pack.
func (k *verify) objects() error {
	flaws, err := k.checkStore()
	if err != nil {
		return err
	}
	left := flaws
	if k.o.Repair && k.reindex(flaws) {
		if left, err = k.checkStore(); err != nil {
			return err
		}
	}
	for _, f := range flaws {
		repaired := !slices.ContainsFunc(left, func(l pack.Flaw) bool { return packOf(l.File) == packOf(f.File) })
		k.report(Finding{Part: PartObject, Path: k.relative(f.File), Object: f.ID, Msg: f.Err.Error(), Remedy: k.flawRemedy(f), Repaired: repaired})
	}
	return nil
}

// checkStore reads all objects and lists what is damaged.
func (k *verify) checkStore() (flaws []pack.Flaw, err error) {
	k.sum.Objects, err = k.r.Store.Check(k.ctx, pack.CheckOptions{Quick: k.o.Quick, Progress: k.o.Progress, Flaw: func(f pack.Flaw) { flaws = append(flaws, f) }})
	return flaws, err
}

// reindex makes another idx for each pack with flaws, where the pack itself is whole. done tells
// whether there was one.
func (k *verify) reindex(flaws []pack.Flaw) (done bool) {
	tried := map[string]bool{}
	for _, f := range flaws {
		name := filepath.Base(packOf(f.File))
		if tried[name] || !pack.IsName(name) {
			continue
		}
		tried[name] = true
		aside, changed, err := k.r.Reindex(name)
		if err != nil {
			k.r.Opts.Log("no idx is made of a pack", "pack", name, "cause", err.Error())
		}
		if changed {
			k.r.Opts.Log("an idx is made again of its pack", "pack", name, "aside", aside)
			done = true
		}
	}
	return done
}

// packOf is the path of a pack or idx without its suffix; another file's is its own.
func packOf(file string) string {
	return strings.TrimSuffix(strings.TrimSuffix(file, ".pack"), ".idx")
}

// flawRemedy tells of the one damage to a store that git repairs by itself: it makes an idx from
// its pack.
func (k *verify) flawRemedy(f pack.Flaw) refusal.Remedy {
	base, isIdx := strings.CutSuffix(f.File, ".idx")
	if !isIdx && !errors.Is(f.Err, pack.ErrNoIdx) {
		return refusal.Remedy{}
	}
	return k.bare(refusal.IndexPack, strings.TrimSuffix(base, ".pack"))
}
