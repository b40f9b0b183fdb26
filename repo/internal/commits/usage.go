package commits

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Usage is what the versions of one source take on disk, in bytes.
type Usage struct {
	Source   string
	Versions int
	// of their commits and contents in .git, as they are compressed there. A content of several
	// versions counts for the newest. Trees are not counted: they belong to no single source.
	Git int64
	// Blocks of the file in files/ and of the copies. A file with several names counts once, in
	// files/ first, for the newest version that has it.
	Files, Copies int64
}

// Total is what they take in all.
func (u *Usage) Total() int64 { return u.Git + u.Files + u.Copies }

// Usage adds up the versions of each source in the commits from tip back, and sorts the sources by
// what they take in all, the most first. Files that vanish meanwhile do not count.
func (r *Commits) Usage(ctx context.Context, tip object.ID) ([]Usage, error) {
	var u usage
	err := durable.Guard(func() (err error) {
		u, err = r.newUsage()
		return err
	})
	if err != nil {
		return nil, err
	}
	defer u.walker.Close()
	err = r.Walk(ctx, tip, object.ID{}, func(v record.Version, hasRecord bool) error {
		if hasRecord {
			u.add(&v)
		}
		return nil
	})
	all := make([]Usage, 0, len(u.sources))
	for _, s := range u.sources {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Usage) int {
		return cmp.Or(cmp.Compare(b.Total(), a.Total()), strings.Compare(a.Source, b.Source))
	})
	return all, err
}

// usage adds up. What it has counted it forgets, so that nothing counts twice.
type usage struct {
	packed  map[object.ID]int64 // bytes of an object's entry in a pack
	sources map[string]*Usage
	walker  *durable.Walker // from the destination
	git     string          // the path of .git from there, with a slash
	seen    map[[2]uint64]bool
}

func (r *Commits) newUsage() (usage, error) {
	u := usage{packed: map[object.ID]int64{}, sources: map[string]*Usage{}, walker: durable.NewWalker(r.Folder), seen: map[[2]uint64]bool{}}
	if !r.Bare {
		u.git = ".git/"
	}
	names, err := r.Store.Names()
	if err != nil {
		return u, err
	}
	for _, name := range names {
		if err := u.addPack(r, name); err != nil {
			return u, err
		}
	}
	return u, nil
}

// addPack notes how long the entries of a pack are. An object that several packs have counts with
// all its entries.
func (u *usage) addPack(r *Commits, name string) error {
	held, err := r.Store.Hold(name)
	if err != nil {
		return err
	}
	defer held.Close()
	places, err := held.Places()
	for i := range places {
		u.packed[places[i].ID] += places[i].End - places[i].At
	}
	return err
}

// add counts a version.
func (u *usage) add(v *record.Version) {
	s := u.sources[v.Source]
	if s == nil {
		s = &Usage{Source: v.Source}
		u.sources[v.Source] = s
		if tree, err := record.TreePath(&v.Record); err == nil && v.HasContent() {
			s.Files = u.blocks(tree)
		}
	}
	s.Versions++
	s.Git += u.object(v.Commit) + u.object(v.Blob)
	for i := range v.Xattrs {
		if x := &v.Xattrs[i]; !x.Blob.IsZero() {
			s.Git += u.object(x.Blob)
			s.Files += u.blocks(record.XattrPath(x))
		}
	}
	s.Copies += u.blocks(v.Copy)
}

// object is the length of an object in .git, the first time that it is asked for.
func (u *usage) object(id object.ID) int64 {
	if id.IsZero() {
		return 0
	}
	n, packed := u.packed[id]
	u.packed[id] = 0
	if packed {
		return n
	}
	name := id.String()
	return u.blocks(fmt.Sprintf("%sobjects/%s/%s", u.git, name[:2], name[2:]))
}

// blocks are the blocks of a file below the destination, the first time that it is asked for.
func (u *usage) blocks(file string) int64 {
	if file == "" {
		return 0
	}
	folder, name := layout.Split(path.Clean(file))
	dir, err := u.walker.Dir(folder)
	if err != nil {
		return 0
	}
	st, err := dir.Lstat(name)
	if err != nil || u.seen[[2]uint64{st.Dev, st.Ino}] {
		return 0
	}
	u.seen[[2]uint64{st.Dev, st.Ino}] = true
	return st.Blocks * 512 // the unit of st_blocks on every file system
}
