package commitgraph

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"

	"timemachine/repo/git/object"
)

// errOrphan is returned for a commit whose parent is neither in the layer nor below it.
var errOrphan = errors.New("parent of a commit not in the graph")

// Encode writes a layer on top of the lowest keep layers of chain. The layer takes in the layers
// above those, and the commits of fresh, in any order. All layers of the chain must have corrected
// dates and filters. Equal arguments give equal bytes. It returns the layer's checksum. Errors:
// w's, ErrDamaged, and ErrUnfit where the format cannot hold so much.
func Encode(w io.Writer, chain *Chain, keep int, fresh []Commit) (object.ID, error) {
	e, err := newLayerTables(chain, keep, fresh)
	if err != nil {
		return object.ID{}, err
	}
	return e.write(w)
}

// layerTables is a layer that is being made.
type layerTables struct {
	chain *Chain // the whole chain that was
	base  *Chain // what of it stays below the layer
	fresh []Commit

	items []item // the layer's commits by name
	ages  []age  // of each item
	wide  int    // corrections that go to GDO2
	edges int    // parents that go to EDGE

	filterLen int64
}

// item is a commit of the new layer. It is one of fresh; or, with from, of the old layer of that
// number, counted from 1.
type item struct {
	from uint32
	at   uint32
}

// age is a commit's level and corrected date. A level of 0 is not known yet.
type age struct {
	corrected int64
	level     uint32
}

func newLayerTables(chain *Chain, keep int, fresh []Commit) (*layerTables, error) {
	e := &layerTables{chain: chain, base: chain.lower(keep), fresh: fresh}
	for i := range fresh {
		e.items = append(e.items, item{at: uint32(i)})
	}
	slices.SortFunc(e.items, e.compare)
	for k := keep; k < len(chain.layers); k++ {
		l := chain.layers[k]
		if !l.Whole() {
			return nil, damaged("checksum wrong")
		}
		e.items = e.merge(e.items, k+1, l.count)
	}
	if e.base.count+len(e.items) >= noParent {
		return nil, fmt.Errorf("%w: too many commits", ErrUnfit)
	}
	if err := e.age(); err != nil {
		return nil, err
	}
	return e, e.measure()
}

func (e *layerTables) compare(a, b item) int {
	x, y := e.id(a), e.id(b)
	return bytes.Compare(x[:], y[:])
}

// merge adds the n commits of an old layer to a sorted list.
func (e *layerTables) merge(list []item, from, n int) []item {
	out := make([]item, 0, len(list)+n)
	for i := range n {
		one := item{from: uint32(from), at: uint32(i)}
		for len(list) > 0 && e.compare(list[0], one) < 0 {
			out, list = append(out, list[0]), list[1:]
		}
		out = append(out, one)
	}
	return append(out, list...)
}

func (e *layerTables) id(it item) object.ID {
	if it.from == 0 {
		return e.fresh[it.at].ID
	}
	return e.chain.layers[it.from-1].id(int(it.at))
}

// commit reads an item. Its Parents are valid until the next call with the same to.
func (e *layerTables) commit(it item, to *Commit) error {
	if it.from == 0 {
		parents := to.Parents[:0]
		*to = e.fresh[it.at]
		to.Parents = append(parents, to.Parents...)
		return nil
	}
	return e.chain.Commit(e.chain.starts[it.from-1]+int(it.at), to)
}

// position is a commit's position in the new chain.
func (e *layerTables) position(id object.ID) (uint32, error) {
	if i, ok := e.find(id); ok {
		return uint32(e.base.count + i), nil
	}
	if pos, ok := e.base.Find(id); ok {
		return uint32(pos), nil
	}
	return 0, fmt.Errorf("%w: %s", errOrphan, id)
}

func (e *layerTables) find(id object.ID) (int, bool) {
	return sort.Find(len(e.items), func(i int) int {
		have := e.id(e.items[i])
		return bytes.Compare(id[:], have[:])
	})
}

// age fills in the levels and corrected dates. It takes over those of old layers, and computes the
// others from the parents.
func (e *layerTables) age() error {
	e.ages = make([]age, len(e.items))
	for i, it := range e.items {
		if it.from == 0 {
			continue
		}
		level, corrected, err := e.chain.ages(e.chain.starts[it.from-1] + int(it.at))
		if err == nil && level == 0 {
			err = damaged("commit without a level")
		}
		if err != nil {
			return err
		}
		e.ages[i] = age{corrected: corrected, level: level}
	}
	for i := range e.items {
		if err := e.ageFrom(i); err != nil {
			return err
		}
	}
	return nil
}

// ageFrom computes the age of a commit, and of the ancestors that it depends on. It uses a list and
// not recursion, because a history is deep.
func (e *layerTables) ageFrom(i int) error {
	trail := []int{i}
	for len(trail) > 0 {
		i := trail[len(trail)-1]
		if e.ages[i].level != 0 {
			trail = trail[:len(trail)-1]
			continue
		}
		c := &e.fresh[e.items[i].at]
		oldest := age{}
		missing := -1
		for _, p := range c.Parents {
			a, at, err := e.ageOf(p)
			if err != nil {
				return err
			}
			if a.level == 0 {
				missing = at
				break
			}
			oldest.level, oldest.corrected = max(oldest.level, a.level), max(oldest.corrected, a.corrected)
		}
		if missing < 0 {
			e.ages[i] = age{corrected: max(c.Date, oldest.corrected+1), level: min(oldest.level+1, maxLevel)}
			continue
		}
		if len(trail) > len(e.items) {
			return damaged("commit is its own ancestor")
		}
		trail = append(trail, missing)
	}
	return nil
}

// ageOf looks a commit's age up. Where the age is not known yet, at is the commit's index among the
// items.
func (e *layerTables) ageOf(id object.ID) (a age, at int, err error) {
	if at, ok := e.find(id); ok {
		return e.ages[at], at, nil
	}
	pos, ok := e.base.Find(id)
	if !ok {
		return a, 0, fmt.Errorf("%w: %s", errOrphan, id)
	}
	a.level, a.corrected, err = e.base.ages(pos)
	if err == nil && a.level == 0 {
		err = damaged("commit without a level")
	}
	return a, 0, err
}

// measure computes the lengths of the chunks.
func (e *layerTables) measure() error {
	var c Commit
	for i, it := range e.items {
		if err := e.commit(it, &c); err != nil {
			return err
		}
		if i > 0 && e.compare(e.items[i-1], it) == 0 {
			return damaged("commit there twice")
		}
		if len(c.Parents) > 2 {
			e.edges += len(c.Parents) - 1
		}
		if e.correction(i, &c) >= overflown {
			e.wide++
		}
		e.filterLen += int64(len(c.Filter))
	}
	if e.filterLen > math.MaxUint32 || e.edges >= edgeList {
		return fmt.Errorf("%w: too many changed paths or parents", ErrUnfit)
	}
	return nil
}

// correction is what is added to a commit's date to make the corrected one.
func (e *layerTables) correction(i int, c *Commit) int64 { return e.ages[i].corrected - c.Date }
