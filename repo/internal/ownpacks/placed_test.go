package ownpacks

import (
	"fmt"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// contentOf is a content, and its name.
func contentOf(n int) ([]byte, object.ID) {
	body := fmt.Append(nil, n)
	return body, object.Hash(object.Blob, body)
}

// TestPlaced: no content that was noted counts as absent, and nearly all others do.
func TestPlaced(t *testing.T) {
	const many = 100_000
	var none *Placed
	if _, id := contentOf(0); none.without(id) != nil {
		t.Error("nothing is known of packs, and one need not be looked into")
	}
	var bare Placed
	bare.AddPack("pack-0")
	if _, id := contentOf(0); bare.without(id) == nil {
		t.Error("a pack without contents is looked into")
	}
	var p Placed
	for n := range many {
		_, id := contentOf(n)
		p.AddContent(id)
	}
	_, other := contentOf(many)
	if p.without(other) != nil {
		t.Error("there is no pack")
	}
	p.AddPack("pack-1")
	taken := 0
	for n := range many {
		_, id := contentOf(n)
		if p.without(id) != nil {
			t.Fatalf("content %d counts as absent", n)
		}
		_, id = contentOf(many + n)
		if p.without(id) == nil {
			taken++
		}
	}
	if taken > many/1000 {
		t.Errorf("%d of %d other contents are looked for in vain", taken, many)
	}
}

// TestContentsWritten: what was kept ahead outlives one Written, and not two.
func TestContentsWritten(t *testing.T) {
	var c Contents
	keep := func(n int) {
		body, id := contentOf(n)
		c.Keep(id, body, 10, 10)
	}
	has := func(want ...int) {
		t.Helper()
		size := int64(0)
		for n := range 10 {
			body, id := contentOf(n)
			got, there := c.Get(id)
			wanted := false
			for _, w := range want {
				wanted = wanted || w == n
			}
			if there != wanted || there && string(got) != string(body) {
				t.Errorf("content %d: %q, %v", n, got, there)
			}
			if there {
				size += int64(len(got))
			}
		}
		if c.size != size {
			t.Errorf("%d bytes are counted, not %d", c.size, size)
		}
	}
	version := func(n int) *record.Version {
		_, id := contentOf(n)
		return &record.Version{Record: record.Record{Blob: id}}
	}
	keep(1)
	keep(2)
	keep(3)
	c.Written([]*record.Version{version(1), version(7)})
	has(2, 3)
	keep(4)
	keep(3)
	has(2, 3, 4)
	c.Written([]*record.Version{version(2)})
	has(4)
	c.Written(nil)
	has()
	for n := range 10 {
		keep(n)
	}
	keep(100)
	has(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	c.Drop()
	has()
}
