package repo

import (
	"strings"
	"sync/atomic"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// packdirT is the pack folder of a destination, and which of the packs in it are timemachine's.
type packdirT struct {
	*destT
	known  func(id object.ID) bool         // whether a recorded version has a content for certain
	ownSet atomic.Pointer[map[string]bool] // of packs, as they are listed; nil: to be read
}

func newPacks(d *destT) *packdirT {
	return &packdirT{destT: d, known: func(object.ID) bool { return false }}
}

// setKnown sets what tells whether a recorded version has a content for certain; nil: nothing does.
func (r *packdirT) setKnown(known func(id object.ID) bool) {
	if known == nil {
		known = func(object.ID) bool { return false }
	}
	r.known = known
}

// packNames lists the packs by name without suffix, with the suffixes that are there.
func (r *packdirT) packNames() (map[string]map[string]bool, error) {
	dir, closeDir, err := r.packDir()
	if err != nil {
		return nil, err
	}
	defer closeDir()
	names, err := dir.Names()
	packs := map[string]map[string]bool{}
	for _, n := range names {
		i := strings.LastIndexByte(n, '.')
		if i < 0 || !strings.HasPrefix(n, "pack-") {
			continue
		}
		if packs[n[:i]] == nil {
			packs[n[:i]] = map[string]bool{}
		}
		packs[n[:i]][n[i:]] = true
	}
	return packs, err
}

func (r *packdirT) packDir() (*durable.Dir, func(), error) {
	w := durable.NewWalker(r.git)
	dir, err := w.Make("objects/pack")
	if err != nil {
		w.Close()
		return nil, nil, err
	}
	return dir, w.Close, nil
}

// holds tells whether the repository has a content to stay; before is the content of the version before.
func (r *packdirT) holds(id, before object.ID) (bool, error) {
	if id == before {
		return r.store.Has(id)
	}
	ours, err := r.ours()
	if err != nil {
		return false, err
	}
	in, elsewhere := r.store.Packed(id, ours)
	return in || elsewhere && r.known(id), nil // what is loose alone is written again, which takes less time than to look
}

// ours is the set of the packs of ours. It is read once for each pack that is written.
func (r *packdirT) ours() (map[string]bool, error) {
	if set := r.ownSet.Load(); set != nil {
		return *set, nil
	}
	names, err := r.listedPacks()
	if err != nil {
		return nil, err
	}
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	r.ownSet.Store(&set)
	return set, nil
}

// body is an object's bytes.
func (r *packdirT) body(id object.ID) ([]byte, error) {
	_, body, err := r.store.Read(id)
	return body, err
}
