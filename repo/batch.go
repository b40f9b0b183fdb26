package repo

import (
	"errors"
	"fmt"
	"os"

	"timemachine/repo/durable"
	"timemachine/repo/object"
	"timemachine/repo/pack"
)

// batch is a pack being written in the stage.
type batch struct {
	r     *Repo
	f     *os.File
	w     *pack.Writer
	trees *pack.TreeWriter
}

const (
	stagedPack = "pack"
	stagedIdx  = "idx"
)

func (r *Repo) newBatch() (*batch, error) {
	f, err := r.stage.Create(stagedPack)
	if err != nil {
		return nil, err
	}
	b := &batch{r: r, f: f}
	b.w, err = pack.NewWriter(f, pack.Options{Have: func(id object.ID) bool { has, err := r.store.Has(id); return has && err == nil }})
	if err != nil {
		return nil, errors.Join(err, b.drop())
	}
	b.trees = pack.NewTreeWriter(b.w)
	return b, nil
}

func (b *batch) drop() error {
	return errors.Join(b.f.Close(), b.r.stage.Remove(stagedPack), b.r.stage.Remove(stagedIdx))
}

// place finishes the pack, puts it on disk and under its name, guarded by a .keep file that names the move from old to
// id. It returns the .keep file's removal.
func (b *batch) place(old, id object.ID) (unkeep func() error, err error) {
	sum, err := b.w.Finish()
	if err == nil {
		err = b.writeIdx()
	}
	if err != nil {
		return nil, errors.Join(err, b.drop())
	}
	dir, closeDir, err := b.r.packDir()
	if err != nil {
		return nil, errors.Join(err, b.drop())
	}
	defer closeDir()
	name := "pack-" + sum.String()
	err = b.publish(dir, name, keepText(old, id))
	if err != nil {
		return nil, errors.Join(err, b.drop(), dir.Remove(name+".idx"), dir.Remove(name+".pack"), dir.Remove(name+".keep"))
	}
	return func() error { return b.r.unkeep(name) }, b.f.Close()
}

func (b *batch) publish(dir *durable.Dir, name string, keep []byte) error {
	if err := dir.Replace(name+".keep", keep); err != nil {
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

func (r *Repo) unkeep(name string) error {
	dir, closeDir, err := r.packDir()
	if err != nil {
		return err
	}
	defer closeDir()
	return dir.Remove(name + ".keep")
}
