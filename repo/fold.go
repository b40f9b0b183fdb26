package repo

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/gitindex"
	"timemachine/repo/object"
)

// folds tells whether the destination's file system takes A and a for one name, as it was found at init.
func (r *Repo) folds() bool { return r.config.isTrue("core", "ignorecase") }

// hasLinks tells whether it has symbolic links. Where it has none a link's target stands in an ordinary file, as git does it.
func (r *Repo) hasLinks() bool {
	return r.config.get("core", "symlinks") == "" || r.config.isTrue("core", "symlinks")
}

// crowdedOut finds the paths of tip's tree that have no place of their own where names are folded: all but the first, in
// the order of bytes, of those that are one path there. Each comes with the one that has the place. They are in the history
// as all others; files/ and copies/ have the first only.
func (r *Repo) crowdedOut(tip object.ID) (map[string]string, error) {
	if !r.folds() || tip.IsZero() {
		return nil, nil
	}
	tree, err := r.Files(tip)
	if err != nil {
		return nil, err
	}
	first, out := map[string]string{}, map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(tree)) {
		folded := strings.ToLower(strings.ToUpper(path))
		if one, taken := first[folded]; taken {
			out[path] = one
		} else {
			first[folded] = path
		}
	}
	return out, nil
}

// crowd names a version whose place another has. Its index entry is kept, so that a commit by hand does not delete it.
func (p *placer) crowd(v *Version, path, has string, place bool) {
	p.warn(v.Source, "has no place of its own in files/ and copies/: on this file system its name is that of "+quote(has),
		"it is recorded: git show, and timemachine show, have it")
	if place {
		p.changes = append(p.changes, gitindex.Change{Path: path, Mode: uint32(TreeMode(&v.Record)), ID: v.Blob})
	}
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
