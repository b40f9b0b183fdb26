package pack

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"sort"

	"timemachine/repo/durable"
	"timemachine/repo/git/loose"
	"timemachine/repo/git/object"
)

// Abbreviated lists in order the objects whose names begin with prefix: 4 to 40 lower-case
// hexadecimal digits. It fails when a pack or a folder cannot be read: damage must not make an
// abbreviation look unique.
func (s *Store) Abbreviated(prefix string) ([]object.ID, error) {
	lo, hi, ok := prefixRange(prefix)
	if !ok {
		return nil, errors.New("want 4 to 40 hexadecimal digits")
	}
	for listings := 1; ; listings++ {
		ids, err := s.listed(lo, hi)
		if err == nil {
			slices.SortFunc(ids, func(a, b object.ID) int { return bytes.Compare(a[:], b[:]) })
			return slices.Compact(ids), nil
		}
		if !vanished(err) || listings == mostListings {
			return nil, err
		}
		if err := s.load(); err != nil {
			return nil, err
		}
	}
}

// listed lists the objects from lo to hi, in the packs that are known. An object may be there
// twice.
func (s *Store) listed(lo, hi object.ID) ([]object.ID, error) {
	set, err := s.acquire()
	if err != nil {
		return nil, err
	}
	defer s.release(set)
	ids, err := loose.Between(s.dir, lo, hi)
	if err != nil {
		return nil, err
	}
	for _, p := range set.packs {
		err := durable.Guard(func() error {
			x, err := p.index()
			if err == nil {
				ids = x.between(ids, lo, hi)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// Commits lists the commits that can be found. It passes over what cannot be read, and looks at
// every object.
func (s *Store) Commits() (commits []object.ID) {
	var ids []object.ID
	if set, err := s.acquire(); err == nil {
		for _, p := range set.packs {
			_ = durable.Guard(func() error { // a pack without an idx has nothing that can be found
				x, err := p.index()
				if err == nil {
					ids = x.between(ids, object.ID{}, lastID())
				}
				return err
			})
		}
		s.release(set)
	}
	files, _ := loose.Files(s.dir)
	for _, f := range files {
		if id, err := loose.FileID(f); err == nil {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		if _, kind, err := s.Size(id); err == nil && kind == object.Commit {
			commits = append(commits, id)
		}
	}
	return commits
}

// lastID is the highest possible name.
func lastID() (id object.ID) {
	for i := range id {
		id[i] = 0xff
	}
	return id
}

// prefixRange is the first and the last name that begin with prefix.
func prefixRange(prefix string) (lo, hi object.ID, ok bool) {
	if len(prefix) < 4 || len(prefix) > 2*object.IDLen {
		return lo, hi, false
	}
	first, last := []byte(prefix), []byte(prefix)
	for len(first) < 2*object.IDLen {
		first, last = append(first, '0'), append(last, 'f')
	}
	_, err := hex.Decode(lo[:], first)
	if err == nil {
		_, err = hex.Decode(hi[:], last)
	}
	return lo, hi, err == nil
}

// between appends the names from lo to hi.
func (x *idx) between(ids []object.ID, lo, hi object.ID) []object.ID {
	for i := sort.Search(x.count, func(i int) bool { return bytes.Compare(x.id(i), lo[:]) >= 0 }); i < x.count; i++ {
		if bytes.Compare(x.id(i), hi[:]) > 0 {
			break
		}
		ids = append(ids, object.ID(x.id(i)))
	}
	return ids
}
