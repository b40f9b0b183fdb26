package commitgraph

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// publish writes the new layer, and replaces the old graph by the chain that ends with it.
func (u *layerUpdate) publish() error {
	u.Layers = u.chain.Layers()
	if len(u.fresh) == 0 {
		return nil
	}
	keep := u.chain.keep(len(u.fresh))
	folder, err := u.Info.MakeSub(folderName)
	if err != nil {
		return err
	}
	defer folder.Close()
	var sums []object.ID
	for _, l := range u.chain.layers[:keep] {
		sums = append(sums, l.Sum())
	}
	sum, err := u.writeLayer(keep)
	if err == nil {
		sums = append(sums, sum)
		u.Layers = len(sums)
		err = u.swap(folder, sums)
	}
	return errors.Join(err, u.Stage.Remove(stagedLayer))
}

// writeLayer writes the layer to the stage, and syncs it.
func (u *layerUpdate) writeLayer(keep int) (object.ID, error) {
	f, err := u.Stage.Create(stagedLayer)
	if err != nil {
		return object.ID{}, err
	}
	sum, err := Encode(f, u.chain, keep, u.fresh)
	if err == nil {
		err = f.Chmod(0o400)
	}
	if err == nil {
		err = f.Sync()
	}
	return sum, errors.Join(err, f.Close())
}

// swap replaces the graph by the chain of sums. The last of them is in the stage. It does nothing
// where another git is at work, or was since the graph was read. It locks git's single file only
// where that file must go, because git gc gives up on a lock.
func (u *layerUpdate) swap(folder *durable.Dir, sums []object.ID) (err error) {
	lock, err := folder.TakeLock(chainName, u.Stage, lockWait)
	if err != nil {
		return u.busy(err)
	}
	var single *durable.Lock
	if u.old.single != nil {
		if single, err = u.Info.TakeLock(singleName, u.Stage, lockWait); err != nil {
			return errors.Join(u.busy(err), lock.Abort())
		}
		defer func() { err = errors.Join(err, single.Abort()) }()
	}
	same, err := u.unchanged(folder)
	if err != nil || !same {
		u.give("another git wrote it meanwhile")
		return errors.Join(err, lock.Abort())
	}
	before, err := folder.Names()
	if err == nil {
		err = u.commit(folder, lock, sums)
	} else {
		err = errors.Join(err, lock.Abort())
	}
	if err == nil && single != nil {
		err = u.settleSingle(folder, sums)
	}
	if err != nil {
		return err
	}
	return u.sweep(folder, before, sums)
}

// busy turns a lock that is held into a Result; other errors stay.
func (u *layerUpdate) busy(err error) error {
	var held *durable.LockedError
	if !errors.As(err, &held) {
		return err
	}
	u.give(held.Error())
	return nil
}

func (u *layerUpdate) give(why string) { u.Result = Result{Layers: u.old.chain.Layers(), Why: why} }

// unchanged tells whether the graph on disk is the one that was read.
func (u *layerUpdate) unchanged(folder *durable.Dir) (bool, error) {
	text, err := chainText(folder)
	if err != nil || text != u.old.text {
		return false, err
	}
	there, err := u.Info.Exists(singleName)
	if err != nil || !there {
		return there == (u.old.single != nil), err
	}
	st, err := u.Info.Lstat(singleName)
	return err == nil && u.old.single != nil && st == *u.old.single, err
}

// commit writes the names of the layers to the chain. The new layer has its name, and is on disk,
// before.
func (u *layerUpdate) commit(folder *durable.Dir, lock *durable.Lock, sums []object.ID) error {
	err := u.Stage.Rename(stagedLayer, folder, layerName(sums[len(sums)-1]))
	if err == nil {
		err = folder.Sync()
	}
	for i := 0; i < len(sums) && err == nil; i++ {
		_, err = fmt.Fprintf(lock, "%s\n", sums[i])
	}
	if err != nil {
		return errors.Join(err, lock.Abort())
	}
	return lock.Commit()
}

// settleSingle gives the single file its name as a layer of the chain, or removes it. Only from
// then on does git read the chain.
func (u *layerUpdate) settleSingle(folder *durable.Dir, sums []object.ID) error {
	var err error
	if layers := u.old.chain.layers; len(layers) == 1 && slices.Contains(sums, layers[0].Sum()) {
		err = u.Info.Rename(singleName, folder, layerName(layers[0].Sum()))
	} else {
		err = u.Info.Remove(singleName)
	}
	return errors.Join(err, folder.Sync(), u.Info.Sync())
}

// sweep removes the layers among names that no chain names any more.
func (u *layerUpdate) sweep(folder *durable.Dir, names []string, sums []object.ID) error {
	var errs []error
	for _, name := range names {
		hex, found := strings.CutPrefix(strings.TrimSuffix(name, layerSuffix), layerPrefix)
		sum, err := object.ParseID(hex)
		if found && err == nil && name == layerName(sum) && !slices.Contains(sums, sum) {
			errs = append(errs, folder.Remove(name))
		}
	}
	return errors.Join(errs...)
}
