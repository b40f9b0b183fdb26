package ownpacks

import (
	"sync"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// Contents keeps the contents of small files in memory until files/ and copies/ are written.
// Several goroutines may use it at once.
type Contents struct {
	mu    sync.Mutex
	held  map[object.ID][]byte
	ahead map[object.ID][]byte // kept before the last Written, and not of what it was about
	size  int64                // in bytes, of all
}

// Keep keeps body, unless it is larger than one bytes, or all contents would be larger than all.
func (c *Contents) Keep(id object.ID, body []byte, one int, all int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(body) > one || c.size+int64(len(body)) > all || c.held[id] != nil || c.ahead[id] != nil {
		return
	}
	if c.held == nil {
		c.held = map[object.ID][]byte{}
	}
	c.held[id] = body
	c.size += int64(len(body))
}

func (c *Contents) Get(id object.ID) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.held[id]
	if !ok {
		b, ok = c.ahead[id]
	}
	return b, ok
}

// Written frees the contents of versions that are written, and those that were kept before the
// Written before and are of no version since.
func (c *Contents) Written(versions []*record.Version) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range versions {
		delete(c.held, v.Blob)
	}
	c.ahead, c.held, c.size = c.held, nil, 0
	for _, b := range c.ahead {
		c.size += int64(len(b))
	}
}

// Drop frees what is kept.
func (c *Contents) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held, c.ahead, c.size = nil, nil, 0
}
