package ownpacks

import (
	"encoding/binary"
	"sync"

	"timemachine/repo/git/object"
)

// Placed tells that packs which a run has placed do not have a content, without their idx files: a
// look into these, once for each of many new files, takes all of them into memory. Several
// goroutines may use it at once, but for AddPack.
type Placed struct {
	mu    sync.Mutex
	bits  []uint64        // a Bloom filter of the contents that the run has written
	packs map[string]bool // that hold no others
}

const (
	placedBits   = 1 << 22 // of the filter: after 100,000 contents, one other in 10,000 is in it
	placedProbes = 4       // bits for each content, each by 4 bytes of its name
)

// AddContent notes a content that goes into a pack of the run.
func (p *Placed) AddContent(id object.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bits == nil {
		p.bits = make([]uint64, placedBits/64)
	}
	for i := range placedProbes {
		at := placedBit(id, i)
		p.bits[at/64] |= 1 << (at % 64)
	}
}

// AddPack notes a pack that the run has placed, all of whose contents were noted.
func (p *Placed) AddPack(name string) {
	if p.packs == nil {
		p.packs = map[string]bool{}
	}
	p.packs[name] = true
}

// without are packs that do not have a content.
func (p *Placed) without(id object.ID) map[string]bool {
	if p == nil || len(p.packs) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bits == nil { // all contents were there before
		return p.packs
	}
	for i := range placedProbes {
		if at := placedBit(id, i); p.bits[at/64]&(1<<(at%64)) == 0 {
			return p.packs
		}
	}
	return nil
}

func placedBit(id object.ID, probe int) uint32 {
	return binary.LittleEndian.Uint32(id[4*probe:]) % placedBits
}
