package repo

import (
	"errors"
	"fmt"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packwrite"
)

// batch is a pack being written in the stage.
type batch struct {
	r     *packdirT
	f     *durable.File
	w     *packwrite.Writer
	trees *packwrite.TreeWriter
	holds []string // packs whose objects are all in this one
}

func (b *batch) drop() error {
	b.w.Abandon()
	return errors.Join(b.f.Close(), b.r.stage.Remove(stagedPack), b.r.stage.Remove(stagedIdx))
}

// place finishes the pack, puts it on disk and under its name, guarded by a .keep file with the text keep, which is the
// caller's to take away. It returns the name.
func (b *batch) place(keep []byte) (name string, err error) {
	sum, err := b.w.Finish()
	if err == nil {
		err = b.writeIdx()
	}
	if err == nil {
		err = b.r.spare()
	}
	name = "pack-" + sum.String()
	if err == nil {
		err = b.r.listPack(name, b.holds)
	}
	if err != nil {
		return "", errors.Join(err, b.drop())
	}
	dir, closeDir, err := b.r.packDir()
	if err != nil {
		return "", errors.Join(err, b.drop())
	}
	defer closeDir()
	b.holds = slices.DeleteFunc(b.holds, func(held string) bool { return held == name })
	if there, err := placed(dir, name); there || err != nil {
		return name, errors.Join(err, b.drop())
	}
	if err := b.publish(dir, name, keep); err != nil {
		return "", errors.Join(err, b.drop(), removePacks(dir, name), dir.Remove(name+".keep"))
	}
	return name, b.f.Close()
}

// publish gives the pack its names, the idx last, as git does: git gc takes an idx without its pack for rubbish and removes
// it. A pack without an idx that a kill leaves could be all there is of a history, but for the .keep beside it, which tells
// that it is not.
func (b *batch) publish(dir *durable.Dir, name string, keep []byte) error {
	if err := b.r.keep(dir, name, keep); err != nil {
		return err
	}
	if err := b.r.stage.Rename(stagedPack, dir, name+".pack"); err != nil {
		return err
	}
	if err := b.r.stage.Rename(stagedIdx, dir, name+".idx"); err != nil {
		return err
	}
	return dir.Sync()
}

func (b *batch) writeIdx() error {
	f, err := b.r.stage.Create(stagedIdx)
	if err != nil {
		return err
	}
	err = b.w.WriteIdx(f)
	if err == nil {
		err = f.Chmod(0o400)
	}
	if err == nil {
		err = b.f.Chmod(0o400)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("idx %q: %w", b.r.stage.Path(stagedIdx), err)
	}
	return nil
}

const (
	stagedPack = "pack"
	stagedIdx  = "idx"
	stagedKeep = "keep"
)

// newBatch begins a pack with what tail holds, if there is one.
func (r *packdirT) newBatch(tail *pack.Held) (*batch, error) {
	f, err := r.stage.Create(stagedPack)
	if err != nil {
		return nil, err
	}
	b := &batch{r: r, f: f}
	b.w, err = packwrite.NewWriter(f, packwrite.Options{Have: func(id object.ID) bool { has, err := r.holds(id, object.ID{}); return has && err == nil }})
	if err != nil {
		return nil, errors.Join(err, b.drop())
	}
	b.trees = packwrite.NewTreeWriter(b.w, r.body)
	if tail == nil {
		return b, nil
	}
	if err := b.w.Extend(tail); err != nil {
		r.o.Log("a pack is not added to", "pack", tail.Name(), "cause", err.Error())
		err = b.drop()
		if err != nil {
			return nil, err
		}
		return r.newBatch(nil)
	}
	b.holds = []string{tail.Name()}
	return b, nil
}

// placed tells whether a pack is there whole: a merge that was cut short before it removed anything gives the same bytes,
// and so the same name, when it is done again. Nothing of it may be removed then.
func placed(dir *durable.Dir, name string) (bool, error) {
	pack, err := dir.Exists(name + ".pack")
	if !pack || err != nil {
		return false, err
	}
	return dir.Exists(name + ".idx")
}

// keep makes a pack's .keep file. It is prepared in the stage, where what a kill leaves is swept away.
func (r *packdirT) keep(dir *durable.Dir, name string, text []byte) error {
	if err := r.stage.Replace(stagedKeep, text); err != nil {
		return err
	}
	if err := r.stage.Rename(stagedKeep, dir, name+".keep"); err != nil {
		return errors.Join(err, r.stage.Remove(stagedKeep))
	}
	return dir.Sync()
}

func (r *packdirT) unkeep(name string) error {
	dir, closeDir, err := r.packDir()
	if err != nil {
		return err
	}
	defer closeDir()
	return dir.Remove(name + ".keep")
}
