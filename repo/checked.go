package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/gitindex"
	"timemachine/repo/internal/runstate"
)

// StartUnchanged is Start for a run that may find nothing to write. It does not read the tip's
// commit and tree and the index again when no file that holds them has changed since a run read or
// wrote it. Begin reads the commit and the tree then.
func (r *Writer) StartUnchanged(ctx context.Context) (object.ID, error) {
	tip, err := r.prepare()
	if err != nil || tip.IsZero() {
		return tip, err
	}
	now, _, err := r.listFiles(tip)
	if err != nil {
		return tip, err
	}
	if b, err := r.work.StateDir.ReadFile(runstate.CheckedName, config.MaxSize); err == nil && string(b) == now {
		r.unchecked = true
		return tip, r.work.Recover(ctx, tip, false)
	}
	if err := r.checkTip(tip); err != nil {
		return tip, err
	}
	if err := r.work.Index.Check(); err != nil {
		return tip, err
	}
	if loose, err := durable.PathExists(r.work.Git, fmt.Sprintf("objects/%x/%x", tip[:1], tip[1:])); err == nil && !loose && r.work.Index.Flaw == nil {
		r.noteChecked(now)
	}
	return tip, r.work.Recover(ctx, tip, false)
}

// noteChecked notes that the files as listed were found whole.
func (r *Writer) noteChecked(files string) {
	if err := r.work.StateDir.Put(runstate.CheckedName, []byte(files)); err != nil {
		r.work.Opts.Log("it is not noted that the history was checked", "cause", err.Error())
	}
}

// indexOf is what becomes the index when a lock is committed. It is zero where that is not known.
func indexOf(held *gitindex.Lock) durable.Stat {
	if !held.Held() {
		return durable.Stat{}
	}
	st, err := held.Stat()
	if err != nil {
		return durable.Stat{}
	}
	return st
}

// noteWrittenIndex notes that the index is the file that this run has written, where it is.
func (r *Writer) noteWrittenIndex(wrote durable.Stat) {
	if st, err := r.work.Git.Lstat("index"); err == nil && st.Same(wrote) {
		r.wroteIndex = st
	}
}

// noteWritten spares the next run the check of what this one has written. The index is whole where
// it is still as this run wrote it. The tip is read here.
func (r *Writer) noteWritten(tip object.ID) {
	if r.wroteIndex == (durable.Stat{}) {
		return
	}
	files, index, err := r.listFiles(tip)
	if err == nil && index == r.wroteIndex && r.checkTip(tip) == nil {
		r.noteChecked(files)
	}
}

// checkTip reads the tip's commit and tree.
func (r *Writer) checkTip(tip object.ID) error {
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

// listFiles lists the tip, the packs and the index, one line each. A line changes when its file
// does. index is zero where there is none.
func (r *Writer) listFiles(tip object.ID) (list string, index durable.Stat, err error) {
	dir, closeDir, err := r.work.PackDir()
	if err != nil {
		return "", index, err
	}
	defer closeDir()
	names, err := dir.Names()
	if err != nil {
		return "", index, err
	}
	slices.Sort(names)
	var b strings.Builder
	fmt.Fprintln(&b, tip)
	for _, name := range names {
		if !strings.HasSuffix(name, ".pack") && !strings.HasSuffix(name, ".idx") {
			continue
		}
		st, err := dir.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) { // git gc has removed it
			continue
		}
		if err != nil {
			return "", index, err
		}
		b.WriteString(stateLine(name, st))
	}
	if st, err := r.work.Git.Lstat("index"); err == nil {
		b.WriteString(stateLine("index", st))
		index = st
	}
	return b.String(), index, nil
}
