// Package ownpacks adds packs to the destination, and removes those of timemachine's whose objects
// are all elsewhere.
//
// Only packs on timemachine's list are ever merged or removed. Those of git gc, or of a person,
// are foreign and stay.
package ownpacks

import (
	"strings"
	"sync/atomic"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
)

// Packs is the pack folder of a destination, and which of the packs in it are timemachine's.
type Packs struct {
	*dest.Dest
	// tells whether a recorded version has a content for certain
	known  func(id object.ID) bool
	listed atomic.Pointer[map[string]bool] // the packs on the list; nil: not read yet
}

// New is the pack folder of a destination.
func New(d *dest.Dest) *Packs {
	return &Packs{Dest: d, known: func(object.ID) bool { return false }}
}

// SetKnown sets the function that tells whether a recorded version has a content for certain; nil:
// never. Several goroutines may call it at once.
func (r *Packs) SetKnown(known func(id object.ID) bool) {
	if known == nil {
		known = func(object.ID) bool { return false }
	}
	r.known = known
}

// PackNames lists the packs by name without suffix, each with the suffixes of its files.
func (r *Packs) PackNames() (map[string]map[string]bool, error) {
	dir, closeDir, err := r.PackDir()
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

// PackDir opens the folder of the packs. The caller calls the function returned to close it.
func (r *Packs) PackDir() (*durable.Dir, func(), error) {
	w := durable.NewWalker(r.Git)
	dir, err := w.Make("objects/pack")
	if err != nil {
		w.Close()
		return nil, nil, err
	}
	return dir, w.Close, nil
}

// KeepsContent tells whether the repository has a content for good, so that it need not be written.
// before is the content of the source's previous version, zero for none. What the run has placed
// need not be looked into; nil is nothing.
func (r *Packs) KeepsContent(id, before object.ID, placed *Placed) (bool, error) {
	if id == before {
		return r.Store.Has(id)
	}
	listed, err := r.listedSet()
	if err != nil {
		return false, err
	}
	in, elsewhere := r.Store.Packed(id, listed, placed.without(id))
	// a loose object is written again: that is faster than a look
	return in || elsewhere && r.known(id), nil
}

// ReadBody reads an object's bytes, without its type.
func (r *Packs) ReadBody(id object.ID) ([]byte, error) {
	_, body, err := r.Store.Read(id)
	return body, err
}
