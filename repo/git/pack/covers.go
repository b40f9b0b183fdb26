package pack

import (
	"bytes"
	"path/filepath"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// Covers tells whether the pack name holds every object that the idx of the pack other lists, and
// has its header and its trailer. It reads both from disk, whatever the Store knows. An idx that
// differs from its checksum is ErrDamaged: it may list other objects than its pack holds.
func (s *Store) Covers(name, other string) (bool, error) {
	p := &packFile{base: filepath.Join(s.packDir(), name), owner: s.owner}
	defer p.unmap()
	q := &packFile{base: filepath.Join(s.packDir(), other), owner: s.owner}
	defer q.unmap()
	covers := false
	err := durable.Guard(func() error {
		if _, err := p.bytes(); err != nil {
			return err
		}
		x, err := p.checkedIndex()
		if err != nil {
			return err
		}
		y, err := q.checkedIndex()
		if err == nil {
			covers = x.hasAllOf(y)
		}
		return err
	})
	return covers, err
}

// hasAllOf walks both sorted lists once.
func (x *idx) hasAllOf(y *idx) bool {
	i := 0
	for j := range y.count {
		for i < x.count && bytes.Compare(x.id(i), y.id(j)) < 0 {
			i++
		}
		if i == x.count || !bytes.Equal(x.id(i), y.id(j)) {
			return false
		}
	}
	return true
}

// Packed tells whether one of the packs in among (names without suffix) has the object. Where none
// has it, elsewhere tells whether another pack has it, besides those in without. Loose objects do
// not count.
func (s *Store) Packed(id object.ID, among, without map[string]bool) (in, elsewhere bool) {
	set, err := s.acquire()
	if err != nil {
		return false, false
	}
	defer s.release(set)
	set.order(func(p *packFile) bool {
		name, has := filepath.Base(p.base), false
		if without[name] {
			return true
		}
		_ = durable.Guard(func() (err error) { // a pack that cannot be read has nothing
			if _, has, err = p.find(id); err == nil && has {
				_, err = p.bytes()
			}
			has = has && err == nil
			return err
		})
		in, elsewhere = has && among[name], elsewhere || has
		return !in
	})
	return in, elsewhere && !in
}
