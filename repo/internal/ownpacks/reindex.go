package ownpacks

import (
	"bytes"
	"errors"
	"io"
	"io/fs"

	"timemachine/repo/durable"
	"timemachine/repo/git/packwrite"
)

// maxIndexed is the largest object, in bytes, that Reindex takes into memory.
const maxIndexed = 1 << 30

// Reindex makes the idx of the pack name again from the pack, whoever wrote it. The old idx is
// moved aside; aside is its new name, "" where there was none. changed is false where the idx was
// right. A pack that is damaged itself is an error, and nothing is changed. The caller holds the
// lock.
func (r *Packs) Reindex(name string) (aside string, changed bool, err error) {
	dir, closeDir, err := r.PackDir()
	if err != nil {
		return "", false, err
	}
	defer closeDir()
	err = r.stageIdx(dir, name)
	if err == nil {
		changed, err = r.differsFromStaged(dir, name+".idx")
	}
	if err != nil || !changed {
		return "", false, errors.Join(err, r.Stage.Remove(stagedIdx))
	}
	aside, err = durable.MoveAside(dir, name+".idx")
	if errors.Is(err, fs.ErrNotExist) {
		aside, err = "", nil
	}
	if err == nil {
		err = r.Stage.Rename(stagedIdx, dir, name+".idx")
	}
	if err == nil {
		err = dir.Sync()
	}
	return aside, true, errors.Join(err, r.Store.Reload())
}

// differsFromStaged compares an idx with the one in the stage. One that cannot be read differs.
func (r *Packs) differsFromStaged(dir *durable.Dir, name string) (differs bool, err error) {
	staged, err := r.Stage.Open(stagedIdx)
	if err != nil {
		return false, err
	}
	defer staged.Close()
	old, err := dir.Open(name)
	if err != nil {
		return true, nil
	}
	defer old.Close()
	want, err := staged.Stat()
	if err != nil {
		return false, err
	}
	if st, err := old.Stat(); err != nil || st.Size() != want.Size() {
		return true, nil
	}
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(staged, a)
		m, olderr := io.ReadFull(old, b)
		if olderr != err || !bytes.Equal(a[:n], b[:m]) {
			return true, nil
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = nil
			}
			return false, err
		}
	}
}

// stageIdx writes the idx of a pack to the stage.
func (r *Packs) stageIdx(dir *durable.Dir, name string) error {
	pack, err := dir.Open(name + ".pack")
	if err != nil {
		return err
	}
	defer pack.Close()
	data, err := durable.MapFile(pack)
	if err != nil {
		return err
	}
	defer durable.Unmap(data)
	if err := r.Stage.Remove(stagedIdx); err != nil {
		return err
	}
	f, err := r.Stage.Create(stagedIdx)
	if err != nil {
		return err
	}
	err = durable.Guard(func() error { return packwrite.Reindex(f, data, maxIndexed) })
	if err == nil {
		err = f.Chmod(0o400)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
