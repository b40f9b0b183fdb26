package repo

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// folds tells whether the destination's file system takes A and a for one name, as it was found at init.
func (r *destT) folds() bool { return r.config.isTrue("core", "ignorecase") }

// hasLinks tells whether it has symbolic links. Where it has none a link's target stands in an ordinary file, as git does it.
func (r *destT) hasLinks() bool {
	return r.config.get("core", "symlinks") == "" || r.config.isTrue("core", "symlinks")
}

// treePath is where git tracks a version.
func treePath(rec *record.Record) (string, error) {
	if rec.File == "" {
		return layout.TreePath(rec.Source)
	}
	_, err := spelling(rec)
	return rec.File, err
}

// spelling is how a version's places are spelled.
func spelling(rec *record.Record) (layout.Spelling, error) {
	if rec.File == "" {
		return layout.Usual, nil
	}
	s, ok := layout.SpelledAs(rec.Source, rec.File)
	if !ok { // somebody else's record
		return s, fmt.Errorf("its File %s is no place of its source", quote(rec.File))
	}
	return s, nil
}

// copyFolder is where a version's copy lies.
func copyFolder(rec *record.Record) (string, error) {
	s, err := spelling(rec)
	if err != nil {
		return "", err
	}
	return s.CopyFolder(rec.Source)
}

// InTree is what a tree, as Files lists it, holds for a source, in whichever of its places.
func InTree(tree map[string]object.TreeEntry, source string) (object.TreeEntry, bool) {
	for _, path := range layout.TreePaths(source) {
		if e, there := tree[path]; there {
			return e, true
		}
	}
	return object.TreeEntry{}, false
}

// names are the paths of a tree as a file system that folds names has them. Names that only some such system would take
// for one count as one: there is no harm in that.
type names struct {
	files   map[string]string // by what they are folded to
	folders map[string]int    // files below each
}

func newNames() *names { return &names{files: map[string]string{}, folders: map[string]int{}} }

// namesIn are those of a commit's tree.
func (r *commitsT) namesIn(tip object.ID) (*names, error) {
	n := newNames()
	if tip.IsZero() {
		return n, nil
	}
	tree, err := r.Files(tip)
	for path := range tree {
		n.add(path)
	}
	return n, err
}

// Fold gives paths that have one place in the destination one key: where its file system does not fold names, the path.
func (r *destT) Fold(path string) string {
	if !r.folds() {
		return path
	}
	return fold(path)
}

// fold makes one of all names that are one on ext4 with casefold, APFS, NTFS or FAT.
func fold(path string) string {
	if ascii(path) {
		path = strings.ToLower(path)
	} else {
		path = norm.NFD.String(cases.Fold().String(norm.NFD.String(path)))
	}
	if !strings.Contains(path, "./") && !strings.Contains(path, " /") && !strings.HasSuffix(path, ".") && !strings.HasSuffix(path, " ") {
		return path
	}
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = strings.TrimRight(parts[i], ". ")
	}
	return strings.Join(parts, "/")
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (n *names) add(path string) {
	key := fold(path)
	if n.files[key] == path {
		return
	}
	n.files[key] = path
	for key, _ = split(key); key != ""; key, _ = split(key) {
		n.folders[key]++
	}
}

func (n *names) remove(path string) {
	key := fold(path)
	if n.files[key] != path {
		return
	}
	delete(n.files, key)
	for key, _ = split(key); key != ""; key, _ = split(key) {
		n.folders[key]--
	}
}

// holder is what has the place that path would have, or is in its way; "" where it is free, or path's own.
func (n *names) holder(path string) string {
	key := fold(path)
	if one := n.files[key]; one != "" && one != path {
		return one
	}
	if n.folders[key] > 0 {
		return path + "/"
	}
	for key, _ = split(key); key != ""; key, _ = split(key) {
		if one := n.files[key]; one != "" {
			return one
		}
	}
	return ""
}

// crowdedOut finds the paths of a commit's tree that have no place of their own where names are folded, each with the one
// that has it: the first of them in the order of bytes. There are such paths where a history was made on another file
// system; versions captured here are spelled so that they have a place. They are in the index as all others, and files/
// and copies/ have the first only.
func (r *commitsT) crowdedOut(tip object.ID) (map[string]string, error) {
	if !r.folds() || tip.IsZero() {
		return nil, nil
	}
	tree, err := r.Files(tip)
	if err != nil {
		return nil, err
	}
	n, out := newNames(), map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		if one := n.holder(path); one != "" {
			out[path] = one
		} else {
			n.add(path)
		}
	}
	return out, nil
}

// crowd names a version whose place another has. Its index entry is kept, so that a commit by hand does not delete it.
func (p *placer) crowd(v *Version, path, has string, place bool) {
	p.warn(v.Source, "has no place of its own in files/: on this file system its name is that of "+quote(has),
		"it is recorded: git show, and timemachine show, have it")
	if place {
		p.changes = append(p.changes, index.Change{Path: path, Mode: uint32(TreeMode(&v.Record)), ID: v.Blob})
	}
}

// inherit names the paths that have a place now which another had before. What stands there was removed with that.
func (f *follow) inherit(before map[string]string) error {
	if len(before) == 0 {
		return nil
	}
	tree, err := f.r.Files(f.tip)
	if err != nil {
		return err
	}
	for _, c := range f.changes {
		if !c.Remove {
			delete(before, c.Path) // written in this follow
		}
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if _, there := tree[path]; there && f.taken[path] == "" {
			f.warn(path, "has a place of its own now", "timemachine verify --repair -d "+word(f.r.dest)+" writes it")
		}
	}
	return nil
}

// makeLink makes a link, or the file that stands for one.
func (p *placer) makeLink(target string, at spot) error {
	if p.r.hasLinks() {
		return at.dir.Symlink(target, at.name)
	}
	f, err := at.dir.Create(at.name)
	if err != nil {
		return err
	}
	_, err = f.WriteString(target)
	if err == nil && p.each {
		err = f.Sync()
	}
	return p.orRemove(at, errors.Join(err, f.Close()))
}

// noName tells whether an error says that a file system cannot have the name, as with a colon on FAT. Trying again is no use.
func noName(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENAMETOOLONG) || errors.Is(err, unix.EILSEQ)
}
