package commitgraph

import (
	"bytes"

	"timemachine/repo/git/object"
)

// Chain is the layers of a repository's graph. The zero Chain has none. Several goroutines may read
// it at once.
type Chain struct {
	layers []*Layer
	starts []int // the position of each layer's first commit
	count  int
}

// NewChain stacks layers, lowest first. The error is ErrDamaged where a layer was not written for
// the layers below it.
func NewChain(layers ...*Layer) (*Chain, error) {
	c := &Chain{}
	var below []byte
	for _, l := range layers {
		if !bytes.Equal(l.bases, below) {
			return nil, damaged("layer stands on others")
		}
		c.layers, c.starts = append(c.layers, l), append(c.starts, c.count)
		c.count += l.count
		sum := l.Sum()
		below = append(below, sum[:]...)
	}
	if c.count >= noParent || len(layers) > 255 {
		return nil, damaged("too many commits")
	}
	return c, nil
}

// Len is the number of commits.
func (c *Chain) Len() int { return c.count }

// Layers is the number of layers.
func (c *Chain) Layers() int { return len(c.layers) }

// Whole tells whether the checksum of every layer is right.
func (c *Chain) Whole() bool {
	for _, l := range c.layers {
		if !l.Whole() {
			return false
		}
	}
	return true
}

// Find is a commit's position, from 0 to Len-1.
func (c *Chain) Find(id object.ID) (pos int, ok bool) {
	for i := len(c.layers) - 1; i >= 0; i-- {
		if at, ok := c.layers[i].find(id); ok {
			return c.starts[i] + at, true
		}
	}
	return 0, false
}

// Has tells whether the chain holds a commit.
func (c *Chain) Has(id object.ID) bool {
	_, ok := c.Find(id)
	return ok
}

// ID is the commit at a position.
func (c *Chain) ID(pos int) object.ID {
	l, i := c.at(pos)
	return l.id(i)
}

// Parents appends the positions of the parents of the commit at a position, first parent first. The
// error is ErrDamaged.
func (c *Chain) Parents(pos int, to []uint32) ([]uint32, error) {
	l, i := c.at(pos)
	n := len(to)
	to, err := l.parents(i, to)
	if err != nil {
		return nil, err
	}
	for _, p := range to[n:] {
		if int64(p) >= int64(c.count) {
			return nil, damaged("parent out of bounds")
		}
	}
	return to, nil
}

// Commit reads the commit at a position. Parents is reused, Filter lies in the layer. The error is
// ErrDamaged.
func (c *Chain) Commit(pos int, to *Commit) error {
	l, i := c.at(pos)
	to.ID, to.Tree = l.id(i), l.tree(i)
	_, to.Date = l.stamp(i)
	to.Parents = to.Parents[:0]
	var buf [2]uint32
	parents, err := c.Parents(pos, buf[:0])
	if err != nil {
		return err
	}
	for _, p := range parents {
		to.Parents = append(to.Parents, c.ID(int(p)))
	}
	to.Filter, err = l.filter(i)
	return err
}

// ages is the level and the corrected date of the commit at a position, in a chain that is full.
func (c *Chain) ages(pos int) (level uint32, corrected int64, err error) {
	l, i := c.at(pos)
	level, _ = l.stamp(i)
	corrected, err = l.corrected(i)
	return level, corrected, err
}

// at is the layer of a position, and the index in that layer.
func (c *Chain) at(pos int) (*Layer, int) {
	i := len(c.layers) - 1
	for c.starts[i] > pos {
		i--
	}
	return c.layers[i], pos - c.starts[i]
}

// full tells whether every layer has corrected dates and filters.
func (c *Chain) full() bool {
	for _, l := range c.layers {
		if !l.full() {
			return false
		}
	}
	return true
}

// lower is the chain of the n lowest layers.
func (c *Chain) lower(n int) *Chain {
	low := &Chain{layers: c.layers[:n], starts: c.starts[:n]}
	for _, l := range low.layers {
		low.count += l.count
	}
	return low
}

// keep is how many of the lowest layers stay when n commits are added. As in git's split strategy,
// a new layer takes in every layer below it of up to twice its size. So each layer is more than
// twice as large as all layers above it.
func (c *Chain) keep(n int) int {
	k := len(c.layers)
	for k > 0 && c.layers[k-1].count <= 2*n {
		k--
		n += c.layers[k].count
	}
	return k
}
