package ownpacks

import (
	"errors"
	"fmt"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packwrite"
)

// Batch is a pack being written in the stage.
type Batch struct {
	r        *Packs
	f        *durable.File
	Writer   *packwrite.Writer
	Trees    *packwrite.TreeWriter
	Replaces []string // packs whose objects are all in this one
}

func (b *Batch) Drop() error {
	b.Writer.Abandon()
	return errors.Join(b.f.Close(), b.r.Stage.Remove(stagedPack), b.r.Stage.Remove(stagedIdx))
}

// Place finishes the pack, puts it on disk and under its name, guarded by a .keep file with the
// text keep, which is the caller's to take away. It returns the name.
func (b *Batch) Place(keep []byte) (name string, err error) {
	sum, err := b.Writer.Finish()
	if err == nil {
		err = b.writeIdx()
	}
	if err == nil {
		err = b.r.CheckSpareSpace()
	}
	name = "pack-" + sum.String()
	if err == nil {
		err = b.r.addToList(name, b.Replaces)
	}
	if err != nil {
		return "", errors.Join(err, b.Drop())
	}
	dir, closeDir, err := b.r.PackDir()
	if err != nil {
		return "", errors.Join(err, b.Drop())
	}
	defer closeDir()
	b.Replaces = slices.DeleteFunc(b.Replaces, func(held string) bool { return held == name })
	if there, err := packExists(dir, name); there || err != nil {
		return name, errors.Join(err, b.Drop())
	}
	if err := b.publish(dir, name, keep); err != nil {
		return "", errors.Join(err, b.Drop(), removePacks(dir, name), dir.Remove(name+".keep"))
	}
	return name, b.f.Close()
}

// publish gives the pack its names, the idx last, as git does: git gc takes an idx without its pack
// for rubbish and removes it. A pack without an idx that a kill leaves could be all there is of a
// history, but for the .keep beside it, which tells that it is not.
func (b *Batch) publish(dir *durable.Dir, name string, keep []byte) error {
	if err := b.r.writeKeep(dir, name, keep); err != nil {
		return err
	}
	if err := b.r.Stage.Rename(stagedPack, dir, name+".pack"); err != nil {
		return err
	}
	if err := b.r.Stage.Rename(stagedIdx, dir, name+".idx"); err != nil {
		return err
	}
	return dir.Sync()
}

func (b *Batch) writeIdx() error {
	f, err := b.r.Stage.Create(stagedIdx)
	if err != nil {
		return err
	}
	err = b.Writer.WriteIdx(f)
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
		return fmt.Errorf("idx %q: %w", b.r.Stage.Path(stagedIdx), err)
	}
	return nil
}

const (
	stagedPack = "pack"
	stagedIdx  = "idx"
	stagedKeep = "keep"
)

// NewBatch begins a pack with what tail holds, if there is one.
func (r *Packs) NewBatch(tail *pack.Held) (*Batch, error) {
	f, err := r.Stage.Create(stagedPack)
	if err != nil {
		return nil, err
	}
	b := &Batch{r: r, f: f}
	b.Writer, err = packwrite.NewWriter(f, packwrite.Options{Have: func(id object.ID) bool { has, err := r.KeepsContent(id, object.ID{}); return has && err == nil }})
	if err != nil {
		return nil, errors.Join(err, b.Drop())
	}
	b.Trees = packwrite.NewTreeWriter(b.Writer, r.ReadBody)
	if tail == nil {
		return b, nil
	}
	if err := b.Writer.Extend(tail); err != nil {
		r.Opts.Log("a pack is not added to", "pack", tail.Name(), "cause", err.Error())
		err = b.Drop()
		if err != nil {
			return nil, err
		}
		return r.NewBatch(nil)
	}
	b.Replaces = []string{tail.Name()}
	return b, nil
}

// packExists tells whether a pack is there whole: a merge that was cut short before it removed anything
// gives the same bytes, and so the same name, when it is done again. Nothing of it may be removed
// then.
func packExists(dir *durable.Dir, name string) (bool, error) {
	pack, err := dir.Exists(name + ".pack")
	if !pack || err != nil {
		return false, err
	}
	return dir.Exists(name + ".idx")
}

// writeKeep makes a pack's .keep file. It is prepared in the stage, where what a kill leaves is
// swept away.
func (r *Packs) writeKeep(dir *durable.Dir, name string, text []byte) error {
	if err := r.Stage.Replace(stagedKeep, text); err != nil {
		return err
	}
	if err := r.Stage.Rename(stagedKeep, dir, name+".keep"); err != nil {
		return errors.Join(err, r.Stage.Remove(stagedKeep))
	}
	return dir.Sync()
}

func (r *Packs) RemoveKeep(name string) error {
	dir, closeDir, err := r.PackDir()
	if err != nil {
		return err
	}
	defer closeDir()
	return dir.Remove(name + ".keep")
}
