package commitgraph

import (
	"bufio"
	"crypto/sha1"
	"encoding/binary"
	"hash"
	"io"

	"timemachine/repo/git/object"
)

// chunk is a part of the body: its name, its length in bytes, and what writes it.
type chunk struct {
	name  string
	len   int
	write func(*layerTables, *output) error
}

// chunks lists the chunks of the layer in the order of writing.
func (e *layerTables) chunks() []chunk {
	n := len(e.items)
	list := []chunk{
		{"OIDF", fanoutLen, (*layerTables).writeFanout},
		{"OIDL", n * object.IDLen, (*layerTables).writeNames},
		{"CDAT", n * dataLen, (*layerTables).writeCommits},
		{"GDA2", n * 4, (*layerTables).writeCorrections},
	}
	if e.wide > 0 {
		list = append(list, chunk{"GDO2", e.wide * 8, (*layerTables).writeOverflow})
	}
	if e.edges > 0 {
		list = append(list, chunk{"EDGE", e.edges * 4, (*layerTables).writeEdges})
	}
	list = append(list,
		chunk{"BIDX", n * 4, (*layerTables).writeFilterEnds},
		chunk{"BDAT", len(filterSettings) + int(e.filterLen), (*layerTables).writeFilters})
	if len(e.base.layers) > 0 {
		list = append(list, chunk{"BASE", len(e.base.layers) * object.IDLen, (*layerTables).writeBases})
	}
	return list
}

func (e *layerTables) write(to io.Writer) (object.ID, error) {
	o := newOutput(to)
	list := e.chunks()
	o.bytes([]byte{'C', 'G', 'P', 'H', 1, 1, byte(len(list)), byte(len(e.base.layers))})
	at := headerLen + (len(list)+1)*tocLen
	for _, c := range list {
		o.bytes([]byte(c.name))
		o.uint64(uint64(at))
		at += c.len
	}
	o.uint32(0)
	o.uint64(uint64(at))
	for _, c := range list {
		if err := c.write(e, o); err != nil {
			return object.ID{}, err
		}
	}
	return o.finish()
}

func (e *layerTables) writeFanout(o *output) error {
	i := 0
	for first := range 256 {
		for i < len(e.items) && int(e.id(e.items[i])[0]) <= first {
			i++
		}
		o.uint32(uint32(i))
	}
	return nil
}

func (e *layerTables) writeNames(o *output) error {
	for _, it := range e.items {
		id := e.id(it)
		o.bytes(id[:])
	}
	return nil
}

// each calls f for every commit in order.
func (e *layerTables) each(f func(i int, c *Commit) error) error {
	var c Commit
	for i, it := range e.items {
		if err := e.commit(it, &c); err != nil {
			return err
		}
		if err := f(i, &c); err != nil {
			return err
		}
	}
	return nil
}

func (e *layerTables) writeCommits(o *output) error {
	edges := uint32(0)
	return e.each(func(i int, c *Commit) error {
		slots := [2]uint32{noParent, noParent}
		for k := range min(2, len(c.Parents)) {
			pos, err := e.position(c.Parents[k])
			if err != nil {
				return err
			}
			slots[k] = pos
		}
		if n := len(c.Parents); n > 2 {
			slots[1] = edgeList | edges
			edges += uint32(n - 1)
		}
		o.bytes(c.Tree[:])
		o.uint32(slots[0])
		o.uint32(slots[1])
		o.uint64(uint64(e.ages[i].level)<<34 | uint64(c.Date))
		return nil
	})
}

func (e *layerTables) writeEdges(o *output) error {
	return e.each(func(_ int, c *Commit) error {
		if len(c.Parents) <= 2 {
			return nil
		}
		for k, p := range c.Parents[1:] {
			pos, err := e.position(p)
			if err != nil {
				return err
			}
			if k == len(c.Parents)-2 {
				pos |= edgeList
			}
			o.uint32(pos)
		}
		return nil
	})
}

func (e *layerTables) writeCorrections(o *output) error {
	wide := uint32(0)
	return e.each(func(i int, c *Commit) error {
		n := e.correction(i, c)
		if n >= overflown {
			o.uint32(overflown | wide)
			wide++
			return nil
		}
		o.uint32(uint32(n))
		return nil
	})
}

func (e *layerTables) writeOverflow(o *output) error {
	return e.each(func(i int, c *Commit) error {
		if n := e.correction(i, c); n >= overflown {
			o.uint64(uint64(n))
		}
		return nil
	})
}

func (e *layerTables) writeFilterEnds(o *output) error {
	end := uint32(0)
	return e.each(func(_ int, c *Commit) error {
		end += uint32(len(c.Filter))
		o.uint32(end)
		return nil
	})
}

func (e *layerTables) writeFilters(o *output) error {
	o.bytes(filterSettings)
	return e.each(func(_ int, c *Commit) error {
		o.bytes(c.Filter)
		return nil
	})
}

func (e *layerTables) writeBases(o *output) error {
	for _, l := range e.base.layers {
		sum := l.Sum()
		o.bytes(sum[:])
	}
	return nil
}

// output computes the checksum of what it writes, and keeps the first error for finish.
type output struct {
	w   *bufio.Writer
	sum hash.Hash
	buf [8]byte
}

func newOutput(w io.Writer) *output {
	o := &output{sum: sha1.New()}
	o.w = bufio.NewWriterSize(io.MultiWriter(w, o.sum), 1<<16)
	return o
}

func (o *output) bytes(b []byte) { o.w.Write(b) } // bufio keeps the error until Flush

func (o *output) uint32(n uint32) { o.bytes(binary.BigEndian.AppendUint32(o.buf[:0], n)) }

func (o *output) uint64(n uint64) { o.bytes(binary.BigEndian.AppendUint64(o.buf[:0], n)) }

// finish writes the checksum after all the rest.
func (o *output) finish() (object.ID, error) {
	if err := o.w.Flush(); err != nil {
		return object.ID{}, err
	}
	sum := object.ID(o.sum.Sum(nil))
	o.bytes(sum[:])
	return sum, o.w.Flush()
}
