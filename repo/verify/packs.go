package verify

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/repo/git/pack"
	"timemachine/repo/refusal"
)

// objects checks the stored objects. With Repair it makes an idx that is missing or wrong again
// from its pack.
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
	if g := k.r.Graph(); g != nil {
		k.commits = int64(g.Len())
	}
	k.sum.Objects, err = k.r.Store.Check(k.ctx, pack.CheckOptions{Quick: k.o.Quick, Progress: k.progress, Flaw: func(f pack.Flaw) { flaws = append(flaws, f) }})
	return flaws, err
}

// progress tells how far the verification is: of all objects, then once more of the commits.
func (k *verify) progress(done, objects int64) {
	if k.o.Progress != nil {
		k.o.Progress(done, max(done, objects+k.commits))
	}
}

// reindex makes another idx for each whole pack with flaws. done tells whether there was such a
// pack.
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

// packOf is the path of a pack or an idx without its suffix; for other files it is the path
// itself.
func packOf(file string) string {
	return strings.TrimSuffix(strings.TrimSuffix(file, ".pack"), ".idx")
}

// flawRemedy returns the remedy for a missing or wrong idx, which git can make again from its
// pack. Other damage has none.
func (k *verify) flawRemedy(f pack.Flaw) refusal.Remedy {
	base, isIdx := strings.CutSuffix(f.File, ".idx")
	if !isIdx && !errors.Is(f.Err, pack.ErrNoIdx) {
		return refusal.Remedy{}
	}
	return k.bare(refusal.IndexPack, strings.TrimSuffix(base, ".pack"))
}
