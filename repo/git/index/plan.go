package index

import (
	"fmt"
	"slices"
	"strings"
)

// edit replaces the entries lo to hi of the old table by the entry of a change, or by nothing.
type edit struct {
	lo, hi int
	add    *Change
}

// plan is what the changes do to one table.
type plan struct {
	old     *table
	edits   []edit  // by lo; where they overlap, all but one remove
	cleared folders // folders our paths need, looked at as names of files
	altered folders // folders whose tree is another one now, with all above them
	key     []byte  // scratch
}

// folders is a set of folder paths ("" is the root). With each path it holds all paths above it.
type folders map[string]struct{}

// addAbove adds the folders above path, and returns those that were not in the set.
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

// makePlan looks up every change in old. The error is ErrUnmerged.
func makePlan(old *table, changes []outcome) (*plan, error) {
	p := &plan{old: old, cleared: folders{}, altered: folders{}}
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

// place adds the edits of one change. The search starts at from, and the result is where the search
// for the next change may start.
func (p *plan) place(c outcome, from int) (int, error) {
	lo, hi, err := p.named(c.Path, from)
	if err != nil {
		return lo, err
	}
	below, end, err := p.below(c.Path, hi)
	if err != nil {
		return lo, err
	}
	p.replace(c.Change, lo, hi)
	if c.added < 0 {
		return lo, nil
	}
	p.remove(c.Path, below, end)
	return lo, p.clearWay(c.Path)
}

// replace replaces the entries lo to hi, all of c's name, by c.
func (p *plan) replace(c *Change, lo, hi int) {
	if c.Remove {
		p.remove(c.Path, lo, hi)
		return
	}
	p.edits = append(p.edits, edit{lo, hi, c})
	if hi-lo != 1 || !c.sameContent(p.old.at(lo)) {
		p.altered.addAbove(c.Path)
	}
}

// clearWay removes files that have the name of a folder above path.
func (p *plan) clearWay(path string) error {
	for _, dir := range p.cleared.addAbove(path) {
		lo, hi, err := p.named(dir, 0)
		if err != nil {
			return err
		}
		p.remove(path, lo, hi)
	}
	return nil
}

// remove removes the entries lo to hi, if there are any, for the sake of path.
func (p *plan) remove(path string, lo, hi int) {
	if hi > lo {
		p.edits = append(p.edits, edit{lo: lo, hi: hi})
		p.altered.addAbove(path)
	}
}

// named is the run of entries of that path.
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

// apply copies the old table with the edits made, behind free space for a header.
func (p *plan) apply() table {
	size := len(p.old.b) + headerSize
	for _, e := range p.edits {
		if e.add != nil {
			size += paddedSize(shortFixed, len(e.add.Path))
		}
	}
	t := table{b: make([]byte, headerSize, size), off: make([]int, 1, p.old.len()+len(p.edits)+1)}
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
