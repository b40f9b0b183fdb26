package gitindex

import (
	"fmt"
	"slices"
	"strings"
)

// edit replaces the entries lo to hi of the old table by one of a change, or by nothing.
type edit struct {
	lo, hi int
	add    *Change
}

// plan is what the changes come to in one table.
type plan struct {
	old     *table
	changes []*Change // by path
	edits   []edit    // overlaps only where both remove
	cleared folders   // folders our paths need, looked at as names of files
	altered folders   // folders whose tree is another one now, with all above them
	key     []byte    // scratch
}

// folders is a set of folder paths ("" is the root) that with each holds all above it.
type folders map[string]struct{}

// addAbove puts the folders above path into the set and returns those that were not in it.
func (f folders) addAbove(path string) (added []string) {
	for path != "" {
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
		if _, ok := f[path]; ok {
			break
		}
		f[path] = struct{}{}
		added = append(added, path)
	}
	return added
}

// makePlan looks up every change in old. Errors are *ChangeError and ErrUnmerged.
func makePlan(old *table, changes []*Change) (*plan, error) {
	p := &plan{old: old, changes: changes, cleared: folders{}, altered: folders{}}
	p.edits = make([]edit, 0, len(changes))
	from := 0
	for _, c := range changes {
		var err error
		if from, err = p.place(c, from); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(p.edits, func(a, b edit) int { return a.lo - b.lo })
	return p, nil
}

// place adds the edits of one change. from is where the search starts, and the result where that of the next may.
func (p *plan) place(c *Change, from int) (int, error) {
	lo, hi, err := p.named(c.Path, from)
	if err != nil {
		return lo, err
	}
	below, end, err := p.below(c.Path, hi)
	if err != nil {
		return lo, err
	}
	if hi-lo != 1 || !c.sameContent(p.old.at(lo)) {
		p.alter(c, hi > lo)
	}
	if c.Remove {
		p.remove(lo, hi)
		return lo, nil
	}
	p.edits = append(p.edits, edit{lo, hi, c})
	if end > below {
		p.remove(below, end)
		p.alter(c, true)
	}
	return lo, p.clearWay(c)
}

// alter marks the folders above c, unless c removes what is not there.
func (p *plan) alter(c *Change, was bool) {
	if was || !c.Remove {
		p.altered.addAbove(c.Path)
	}
}

// clearWay removes files that have the name of a folder c needs.
func (p *plan) clearWay(c *Change) error {
	for _, dir := range p.cleared.addAbove(c.Path) {
		if p.adds(dir) {
			return &ChangeError{Path: dir, Reason: "also needed as a folder"}
		}
		lo, hi, err := p.named(dir, 0)
		if err != nil {
			return err
		}
		if hi > lo {
			p.altered.addAbove(c.Path)
		}
		p.remove(lo, hi)
	}
	return nil
}

// adds tells whether a change puts in path.
func (p *plan) adds(path string) bool {
	i, found := slices.BinarySearchFunc(p.changes, path, func(c *Change, path string) int {
		return strings.Compare(c.Path, path)
	})
	return found && !p.changes[i].Remove
}

func (p *plan) remove(lo, hi int) {
	if hi > lo {
		p.edits = append(p.edits, edit{lo: lo, hi: hi})
	}
}

// named is the run of entries called path.
func (p *plan) named(path string, from int) (lo, hi int, err error) {
	p.key = append(p.key[:0], path...)
	lo, hi = p.old.equal(p.key, from)
	return lo, hi, p.merged(lo, hi)
}

// below is the run of entries in the folder path.
func (p *plan) below(path string, from int) (lo, hi int, err error) {
	p.key = append(append(p.key[:0], path...), '/')
	lo = p.old.search(p.key, from)
	hi = lo
	if p.old.hasPrefix(lo, p.key) {
		p.key[len(path)] = '/' + 1
		hi = p.old.search(p.key, lo)
	}
	return lo, hi, p.merged(lo, hi)
}

// merged is ErrUnmerged if one of the entries lo to hi is part of a conflict.
func (p *plan) merged(lo, hi int) error {
	for i := lo; i < hi; i++ {
		if r := p.old.at(i); r.stage() != 0 {
			return fmt.Errorf("%w %q", ErrUnmerged, r.name())
		}
	}
	return nil
}

// apply copies the old table with the edits made, behind room for a header.
func (p *plan) apply() table {
	size := len(p.old.b) + headerSize
	for _, e := range p.edits {
		if e.add != nil {
			size += paddedSize(shortFixed, len(e.add.Path))
		}
	}
	t := table{b: make([]byte, headerSize, size+size/8), off: make([]int, 1, p.old.len()+len(p.edits)+1)}
	t.off[0] = headerSize
	done := 0
	for _, e := range p.edits {
		t.copyFrom(p.old, done, e.lo)
		if e.add != nil {
			t.add(e.add)
		}
		done = max(done, e.hi)
	}
	t.copyFrom(p.old, done, p.old.len())
	return t
}
