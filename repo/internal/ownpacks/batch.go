package ownpacks

import (
	"errors"
	"fmt"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/internal/runstate"
)

// Batch is a pack that is being written in the stage.
type Batch struct {
	r        *Packs
	f        *durable.File
	Writer   *packwrite.Writer
	Trees    *packwrite.TreeWriter
	Replaces []string // timemachine's packs whose objects are all in this one
}

// Drop abandons the pack and removes its files.
func (b *Batch) Drop() error {
	b.Writer.Abandon()
	return errors.Join(b.f.Close(), b.r.Stage.Remove(stagedPack), b.r.Stage.Remove(stagedIdx))
}

// Place finishes the pack, syncs it and renames it to its name, which it returns. A .keep file with
// the text keep protects the pack from git gc; the caller removes that file.
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

// publish renames the pack and then its idx, in git's order: git gc removes an idx without a pack.
// A kill can leave a pack without an idx. The .keep beside it tells that the history does not
// depend on it yet.
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

// writeIdx writes and syncs the idx in the stage.
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

// Names in the stage.
const (
	stagedPack = "pack"
	stagedIdx  = "idx"
	stagedKeep = "keep"
)

// NewBatch begins a pack with the objects of tail, or an empty pack where tail is nil.
func (r *Packs) NewBatch(tail *pack.Held) (*Batch, error) {
	f, err := r.Stage.Create(stagedPack)
	if err != nil {
		return nil, err
	}
	b := &Batch{r: r, f: f}
	b.Writer, err = packwrite.NewWriter(f, packwrite.Options{Have: func(id object.ID) bool { has, err := r.KeepsContent(id, object.ID{}, nil); return has && err == nil }})
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

// packExists tells whether a pack and its idx exist. A repeated merge gives the same bytes and so
// the same name as the interrupted one. The pack must stay then.
func packExists(dir *durable.Dir, name string) (bool, error) {
	pack, err := dir.Exists(name + ".pack")
	if !pack || err != nil {
		return false, err
	}
	return dir.Exists(name + ".idx")
}

// writeKeep makes a pack's .keep file. It is prepared in the stage, which the next run empties.
func (r *Packs) writeKeep(dir *durable.Dir, name string, text []byte) error {
	if err := r.Stage.Replace(stagedKeep, text); err != nil {
		return err
	}
	if err := r.Stage.Rename(stagedKeep, dir, name+".keep"); err != nil {
		return errors.Join(err, r.Stage.Remove(stagedKeep))
	}
	return dir.Sync()
}

// KeepPart lets a pack's .keep file say that it belongs to a part of a run.
func (r *Packs) KeepPart(name string) error {
	dir, closeDir, err := r.PackDir()
	if err != nil {
		return err
	}
	defer closeDir()
	return r.writeKeep(dir, name, []byte(runstate.PartKeep))
}

// RemoveKeep removes a pack's .keep file.
func (r *Packs) RemoveKeep(name string) error {
	dir, closeDir, err := r.PackDir()
	if err != nil {
		return err
	}
	defer closeDir()
	return dir.Remove(name + ".keep")
}
