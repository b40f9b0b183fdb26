package repo

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/gitindex"
	"timemachine/repo/layout"
	"timemachine/repo/object"
	"timemachine/repo/record"
)

// follow brings copies/, files/ and the index up to commits that the branch has already. It can be done again without
// harm, which is how an earlier one that was cut short is healed.
type follow struct {
	r         *Repo
	ctx       context.Context
	base, tip object.ID // the commits the work tree was and will be in step with
	versions  []Version // of the commits between, oldest first
	held      *contents // what is still in memory of them
	index     *indexLock

	files, copies *durable.Walker
	changes       []gitindex.Change
	filesOnly     bool // copies/ is left as it is
	copying       bool
	incomplete    bool            // files/ or the index could not follow
	failed        int             // versions that could not be written
	touched       map[string]bool // folders written in, to be synced
	written       int
}

// syncEach is how many written files are synced one by one; more are synced with their whole file system at once.
const syncEach = 32

func (f *follow) run() error {
	f.touched = map[string]bool{}
	f.files, f.copies = durable.NewWalker(f.r.root), durable.NewWalker(f.r.root)
	defer f.files.Close()
	defer f.copies.Close()
	f.copying = f.roomForCopies()
	newest := map[string]int{}
	for i, v := range f.versions {
		newest[v.Source] = i
	}
	order := make([]int, len(f.versions))
	for i := range order {
		order[i] = i
	}
	// Deletions first: they free the names that others take.
	slices.SortFunc(order, func(a, b int) int {
		va, vb := &f.versions[a], &f.versions[b]
		return cmp.Or(deletedFirst(va)-deletedFirst(vb), strings.Compare(va.Source, vb.Source), a-b)
	})
	for _, i := range order {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		f.version(&f.versions[i], newest[f.versions[i].Source] == i)
	}
	if err := f.sync(); err != nil {
		return err
	}
	return f.settle()
}

func deletedFirst(v *Version) int {
	if v.Event == record.Deleted {
		return 0
	}
	return 1
}

// roomForCopies asks whether there is space for copies, and says so where there is not.
func (f *follow) roomForCopies() bool {
	if f.filesOnly {
		return false
	}
	free, size, err := f.r.root.Free()
	if err != nil {
		f.r.o.Warn(f.r.dest, "free space is not known: "+cause(err), "")
		return true
	}
	return f.r.o.Copies(free, size)
}

// version lets one version's copy and, where it is the newest, its place in files/ follow. What fails is warned of.
func (f *follow) version(v *Version, newest bool) {
	path, err := layout.TreePath(v.Source)
	if err != nil {
		f.fail(v.Source, "cannot be placed", err)
		return
	}
	place := newest && f.index.held()
	if v.Event == record.Deleted {
		if place {
			f.remove(path, v.Source)
		}
		return
	}
	if !place && !f.copying {
		return
	}
	if err := f.write(v, path, place); err != nil {
		f.fail(v.Source, "could not be written", err)
	}
}

func (f *follow) fail(source, what string, err error) {
	f.incomplete = true
	f.failed++
	f.r.o.Warn(source, what+" beside the history: "+cause(err), "the version is recorded; the next run tries again")
}

// cause is an error's reason without the names in it, which the message gives already.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func (f *follow) remove(path, source string) {
	folder, name := split(path)
	dir, err := f.files.Dir(folder)
	if err == nil {
		err = dir.Remove(name)
	}
	if err == nil {
		err = f.files.Prune(folder)
	}
	if err != nil && !gone(err) {
		f.fail(source, "could not be removed", err)
		return
	}
	f.changes = append(f.changes, gitindex.Change{Path: path, Remove: true})
}

func split(path string) (folder, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// settle writes the index and takes the mark of unfinished work away.
func (f *follow) settle() error {
	if !f.index.held() {
		return nil
	}
	if err := f.attributes(); err != nil {
		f.fail(".gitattributes", "could not be written", err)
	}
	if err := f.writeIndex(); err != nil {
		f.incomplete = true
		f.r.o.Warn(f.r.git.Path("index"), "the index could not follow: "+err.Error(), f.r.indexHint(err))
	}
	if f.incomplete {
		return nil
	}
	return errors.Join(f.r.own.Remove("pending"), f.r.own.Sync())
}

func (r *Repo) indexHint(err error) string {
	switch {
	case errors.Is(err, gitindex.ErrSplit):
		return "git -C " + quote(r.dest) + " update-index --no-split-index"
	case errors.Is(err, gitindex.ErrSparse):
		return "git -C " + quote(r.dest) + " sparse-checkout disable"
	}
	return "the next run tries again"
}

// attributes writes our .gitattributes where the tree has one and the work tree does not.
func (f *follow) attributes() error {
	there, err := f.r.root.Exists(".gitattributes")
	if err != nil || there && !f.base.IsZero() {
		return err
	}
	if !there {
		if err := f.r.root.Replace(".gitattributes", []byte(attributes)); err != nil {
			return err
		}
	}
	id, err := object.HashBlob([]byte(attributes))
	if err != nil {
		return err
	}
	st, err := f.r.root.Lstat(".gitattributes")
	f.changes = append(f.changes, gitindex.Change{Path: ".gitattributes", Mode: uint32(object.ModeFile), ID: id, Stat: indexStat(st)})
	return err
}

func indexStat(st durable.Stat) gitindex.Stat {
	return gitindex.Stat{CtimeSec: st.Ctime.Sec, CtimeNsec: uint32(st.Ctime.Nsec), MtimeSec: st.Mtime.Sec, MtimeNsec: uint32(st.Mtime.Nsec),
		Dev: st.Dev, Ino: st.Ino, UID: st.UID, GID: st.GID, Size: st.Size}
}

const maxIndex = 4 << 30

func (f *follow) writeIndex() error {
	old, err := f.r.git.ReadFile("index", maxIndex)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	trees, err := f.trees()
	if err != nil {
		return err
	}
	b, err := gitindex.Merge(old, f.changes, trees)
	var broken *gitindex.DamagedError
	if errors.As(err, &broken) {
		return errors.Join(err, f.r.setIndexAside())
	}
	if err != nil {
		return err
	}
	return f.index.replace(b)
}

// setIndexAside keeps a damaged index under another name; the next run makes a new one from the history.
func (r *Repo) setIndexAside() error {
	return errors.Join(r.git.Rename("index", r.own, "index.damaged"), r.own.Replace("pending", []byte(object.ID{}.String()+"\n")))
}

// trees tells gitindex which tree a folder has at base and at tip.
func (f *follow) trees() (gitindex.Trees, error) {
	var before object.ID
	var err error
	if !f.base.IsZero() {
		if before, err = f.r.treeOf(f.base); err != nil {
			return nil, err
		}
	}
	after, err := f.r.treeOf(f.tip)
	if err != nil {
		return nil, err
	}
	return func(dir string) (object.ID, object.ID, bool) {
		var b object.ID
		if !before.IsZero() {
			b, _ = f.r.folderTree(before, dir)
		}
		a, ok := f.r.folderTree(after, dir)
		return b, a, ok
	}, nil
}

// sync puts what was written on disk: file by file where they are few, else the file system as a whole. Files were
// synced as they were written; here it is their folders' turn.
func (f *follow) sync() error {
	if f.written > syncEach {
		return f.r.root.SyncFS()
	}
	w := durable.NewWalker(f.r.root)
	defer w.Close()
	for folder := range f.touched {
		d, err := w.Dir(folder)
		if err == nil {
			err = d.Sync()
		}
		if err != nil && !gone(err) {
			return err
		}
	}
	return nil
}
