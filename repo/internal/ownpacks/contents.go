package ownpacks

import (
	"sync"

	"timemachine/repo/git/object"
)

// Contents keeps the contents of small files in memory until files/ and copies/ are written.
// Several goroutines may use it at once.
type Contents struct {
	mu   sync.Mutex
	held map[object.ID][]byte
	size int64
}

// Keep keeps body, unless it is larger than one bytes, or all contents would be larger than all.
func (c *Contents) Keep(id object.ID, body []byte, one int, all int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(body) > one || c.size+int64(len(body)) > all || c.held[id] != nil {
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
	return b, ok
}

// Drop frees what is kept.
func (c *Contents) Drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held, c.size = nil, 0
}
