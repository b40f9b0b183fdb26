package localgit

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha1"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
)

// Each push leaves a pack. git merges them by itself when a push has left too many (receive.autogc
// and gc.autoPackLimit in git-config(1)); where only this package pushes, nobody else does.

const (
	usualPacks = 50        // gc.autoPackLimit's default
	mostMerged = 256 << 20 // bytes of the packs that are merged at once
)

// tidy merges the small packs where there are too many. It merges none that has another file beside
// it, as a .keep, and nothing where git has its own tables over all packs.
func (a *arrival) tidy(ctx context.Context) error {
	names, err := a.mergeable()
	if err != nil || len(names) == 0 {
		return err
	}
	if alone, err := a.outer.TryFlock(); err != nil || !alone {
		return err
	}
	g := &gathering{ctx: ctx, store: a.store, at: map[object.ID]int64{}}
	defer g.close()
	if err := g.hold(names); err != nil {
		return err
	}
	if err := errors.Join(a.pack.Close(), a.begin()); err != nil {
		return err
	}
	sum := sha1.New()
	g.out = bufio.NewWriterSize(io.MultiWriter(a.pack, sum), 64<<10)
	if err := g.write(); err != nil {
		return err
	}
	if _, err := a.pack.Write(sum.Sum(nil)); err != nil {
		return err
	}
	merged, _, err := a.index(ctx)
	if err == nil {
		err = a.publish(merged)
	}
	if err != nil {
		return err
	}
	return a.retire(merged, names)
}

// mergeable lists the packs to merge, the smallest first: up to one that is larger than all before
// it by far, so that a large pack is not written again with each push.
func (a *arrival) mergeable() ([]string, error) {
	most := a.r.packLimit()
	w := durable.NewWalker(a.r.git)
	defer w.Close()
	dir, err := w.Dir("objects/pack")
	if most == 0 || err != nil {
		return nil, err
	}
	files, err := dir.Names()
	if err != nil {
		return nil, err
	}
	suffixes := map[string]string{}
	for _, f := range files {
		if strings.HasPrefix(f, "multi-pack-index") {
			return nil, nil
		}
		if base, suffix, ok := strings.Cut(f, "."); ok && pack.IsName(base) && suffix != "rev" {
			suffixes[base] += "." + suffix
		}
	}
	type sized struct {
		name string
		size int64
	}
	var all []sized
	for name, s := range suffixes {
		if s != ".idx.pack" && s != ".pack.idx" {
			continue
		}
		st, err := dir.Lstat(name + ".pack")
		if err != nil {
			return nil, err
		}
		all = append(all, sized{name, st.Size})
	}
	if len(all) <= most {
		return nil, nil
	}
	slices.SortFunc(all, func(a, b sized) int { return cmp.Or(cmp.Compare(a.size, b.size), strings.Compare(a.name, b.name)) })
	var names []string
	var sum int64
	for _, p := range all {
		if len(names) > 1 && p.size > 2*sum || sum+p.size > mostMerged {
			break
		}
		names, sum = append(names, p.name), sum+p.size
	}
	if len(names) < 2 {
		return nil, nil
	}
	return names, nil
}

// packLimit is how many packs git leaves alone; 0: all.
func (r *Repository) packLimit() int {
	off := func(section, key string) bool {
		return r.config.Get(section, key) != "" && !r.config.IsTrue(section, key)
	}
	if off("receive", "autogc") || off("gc", "auto") {
		return 0
	}
	if n, err := strconv.Atoi(r.config.Get("gc", "autoPackLimit")); err == nil {
		return max(n, 0)
	}
	return usualPacks
}

// retire removes the packs whose every object the merged one holds, as the files on disk say.
func (a *arrival) retire(merged string, names []string) error {
	w := durable.NewWalker(a.r.git)
	defer w.Close()
	dir, err := w.Dir("objects/pack")
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == merged {
			continue
		}
		if covered, err := a.store.Covers(merged, name); err != nil || !covered {
			return err
		}
		if kept, err := dir.Exists(name + ".keep"); err != nil || kept {
			return err
		}
		for _, suffix := range []string{".pack", ".idx", ".rev"} {
			if err := dir.Remove(name + suffix); err != nil {
				return err
			}
		}
	}
	return dir.Sync()
}
