package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"timemachine/repo/internal/runstate"

	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
)

// StartLook is Start without reading the tip's commit and tree again where nothing has changed
// since that was done; Begin makes up for it.
func (r *Writer) StartLook(ctx context.Context) (object.ID, error) {
	tip, err := r.ready()
	if err != nil || tip.IsZero() {
		return tip, err
	}
	now, err := r.inventory(tip)
	if err != nil {
		return tip, err
	}
	if b, err := r.work.StateDir.ReadFile(runstate.CheckedName, config.MaxSize); err == nil && string(b) == now {
		r.unchecked = true
		return tip, r.work.Recover(ctx, tip, false)
	}
	if err := r.check(tip); err != nil {
		return tip, err
	}
	if err := r.work.CheckIndex(); err != nil {
		return tip, err
	}
	if loose, err := durable.PathExists(r.work.Git, fmt.Sprintf("objects/%x/%x", tip[:1], tip[1:])); err == nil && !loose && r.work.IndexFlaw == nil {
		if err := r.work.StateDir.Put(runstate.CheckedName, []byte(now)); err != nil {
			r.work.Opts.Log("it is not noted that the history was checked", "cause", err.Error())
		}
	}
	return tip, r.work.Recover(ctx, tip, false)
}

// check reads the tip's commit and tree.
func (r *Writer) check(tip object.ID) error {
	r.unchecked = false
	if tip.IsZero() {
		return nil
	}
	tree, err := r.work.TreeOf(tip)
	if err != nil {
		return err
	}
	if _, err := r.work.Store.ReadTree(tree); err != nil {
		return r.work.Damaged(fmt.Sprintf("the tree of commit %s cannot be read", tip.Short()), err)
	}
	return nil
}

func stateLine(name string, st durable.Stat) string {
	return fmt.Sprintln(name, st.Size, st.Ino, st.Mtime.Nano(), st.Ctime.Nano())
}

// inventory lists the tip, the packs and the index: a line for each file that changes when the file
// does.
func (r *Writer) inventory(tip object.ID) (string, error) {
	dir, closeDir, err := r.work.PackDir()
	if err != nil {
		return "", err
	}
	defer closeDir()
	names, err := dir.Names()
	if err != nil {
		return "", err
	}
	slices.Sort(names)
	var b strings.Builder
	fmt.Fprintln(&b, tip)
	for _, name := range names {
		if !strings.HasSuffix(name, ".pack") && !strings.HasSuffix(name, ".idx") {
			continue
		}
		st, err := dir.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) { // git gc has removed it meanwhile
			continue
		}
		if err != nil {
			return "", err
		}
		b.WriteString(stateLine(name, st))
	}
	if st, err := r.work.Git.Lstat("index"); err == nil {
		b.WriteString(stateLine("index", st))
	}
	return b.String(), nil
}
