package commitgraph

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"

	"timemachine/repo/git/object"
)

const (
	headerLen = 8
	tocLen    = 12 // of an entry of the chunk table
	fanoutLen = 256 * 4
	dataLen   = object.IDLen + 16

	noParent  = 0x70000000
	edgeList  = 1 << 31 // in a second parent: an index into EDGE follows; in EDGE: the last
	overflown = 1 << 31 // in GDA2
	maxLevel  = 1<<30 - 1
)

// ErrDamaged is returned for a graph that git could not have written, or that has changed since.
var ErrDamaged = errors.New("commit-graph damaged")

func damaged(why string) error { return fmt.Errorf("%w: %s", ErrDamaged, why) }

// Layer reads a layer's bytes. ParseLayer checks the lengths; each reader of a table checks what it
// reads.
type Layer struct {
	data  []byte
	count int

	names, commits, edges      []byte
	corrections, overflow      []byte // GDA2 and GDO2, or nil
	filterEnds, filters, bases []byte // filters without header; nil where the settings are others
}

// ParseLayer checks a layer's header and chunks. It keeps data, which must not change. The error is
// ErrDamaged.
func ParseLayer(data []byte) (*Layer, error) {
	if len(data) < headerLen+tocLen+object.IDLen || !bytes.HasPrefix(data, []byte("CGPH\x01\x01")) {
		return nil, damaged("no header of version 1 and SHA-1")
	}
	chunks, err := parseTable(data)
	if err != nil {
		return nil, err
	}
	l := &Layer{data: data, names: chunks["OIDL"], commits: chunks["CDAT"], edges: chunks["EDGE"],
		corrections: chunks["GDA2"], overflow: chunks["GDO2"], filterEnds: chunks["BIDX"], bases: chunks["BASE"]}
	l.count = len(l.names) / object.IDLen
	if filters, ok := bytes.CutPrefix(chunks["BDAT"], filterSettings); ok {
		l.filters = filters
	}
	if err := l.check(chunks["OIDF"]); err != nil {
		return nil, err
	}
	return l, nil
}

// filterSettings begin BDAT: version, hashes a path, bits an entry.
var filterSettings = []byte{0, 0, 0, filterVersion, 0, 0, 0, filterHashes, 0, 0, 0, filterBits}

// parseTable cuts the body into its chunks.
func parseTable(data []byte) (map[string][]byte, error) {
	n, end := int(data[6]), uint64(len(data)-object.IDLen)
	if uint64(headerLen+(n+1)*tocLen) > end {
		return nil, damaged("chunk table cut short")
	}
	chunks := make(map[string][]byte, n)
	for i := range n {
		entry := data[headerLen+i*tocLen:]
		name := string(entry[:4])
		from, to := binary.BigEndian.Uint64(entry[4:]), binary.BigEndian.Uint64(entry[tocLen+4:])
		if from < uint64(headerLen+(n+1)*tocLen) || from > to || to > end {
			return nil, damaged("chunk out of bounds")
		}
		if _, twice := chunks[name]; twice {
			return nil, damaged("chunk there twice")
		}
		chunks[name] = data[from:to:to]
	}
	return chunks, nil
}

func (l *Layer) check(fanout []byte) error {
	switch {
	case len(fanout) != fanoutLen || len(l.names) != l.count*object.IDLen || len(l.commits) != l.count*dataLen:
		return damaged("chunk of the wrong length")
	case len(l.bases) != int(l.data[7])*object.IDLen:
		return damaged("list of lower layers of the wrong length")
	case l.corrections != nil && len(l.corrections) != l.count*4, l.filterEnds != nil && len(l.filterEnds) != l.count*4:
		return damaged("optional chunk of the wrong length")
	}
	last := uint32(0)
	for i := range 256 {
		n := binary.BigEndian.Uint32(fanout[4*i:])
		if n < last {
			return damaged("counts not rising")
		}
		last = n
	}
	if int64(last) != int64(l.count) {
		return damaged("counts differ from the names")
	}
	return nil
}

// Len is the number of commits.
func (l *Layer) Len() int { return l.count }

// Sum is the layer's checksum, as it stands at its end: its name in a chain.
func (l *Layer) Sum() object.ID { return object.ID(l.data[len(l.data)-object.IDLen:]) }

// Whole tells whether the checksum is right.
func (l *Layer) Whole() bool {
	return sha1.Sum(l.data[:len(l.data)-object.IDLen]) == l.Sum()
}

// full tells whether the layer has corrected dates and filters, as those written here have.
func (l *Layer) full() bool { return l.corrections != nil && l.filterEnds != nil && l.filters != nil }

func (l *Layer) id(i int) object.ID { return object.ID(l.names[i*object.IDLen:][:object.IDLen]) }

func (l *Layer) find(id object.ID) (int, bool) {
	i := sort.Search(l.count, func(k int) bool { return bytes.Compare(l.names[k*object.IDLen:][:object.IDLen], id[:]) >= 0 })
	return i, i < l.count && l.id(i) == id
}

func (l *Layer) tree(i int) object.ID { return object.ID(l.commits[i*dataLen:][:object.IDLen]) }

// stamp is a commit's level and date.
func (l *Layer) stamp(i int) (level uint32, date int64) {
	v := binary.BigEndian.Uint64(l.commits[i*dataLen+object.IDLen+8:])
	return uint32(v >> 34), int64(v & MaxDate)
}

// corrected is a commit's corrected date; the layer must have them.
func (l *Layer) corrected(i int) (int64, error) {
	_, date := l.stamp(i)
	more := binary.BigEndian.Uint32(l.corrections[i*4:])
	if more&overflown == 0 {
		return date + int64(more), nil
	}
	at := int64(more&^overflown) * 8
	if at+8 > int64(len(l.overflow)) {
		return 0, damaged("corrected date out of bounds")
	}
	wide := binary.BigEndian.Uint64(l.overflow[at:])
	if wide > 1<<62 {
		return 0, damaged("corrected date out of range")
	}
	return date + int64(wide), nil
}

// parents appends the positions of a commit's parents.
func (l *Layer) parents(i int, to []uint32) ([]uint32, error) {
	data := l.commits[i*dataLen+object.IDLen:]
	first, second := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	if first == noParent {
		return to, nil
	}
	to = append(to, first)
	if second == noParent {
		return to, nil
	}
	if second&edgeList == 0 {
		return append(to, second), nil
	}
	for at := int64(second&^edgeList) * 4; at+4 <= int64(len(l.edges)); at += 4 {
		edge := binary.BigEndian.Uint32(l.edges[at:])
		to = append(to, edge&^edgeList)
		if edge&edgeList != 0 {
			return to, nil
		}
	}
	return nil, damaged("parents out of bounds")
}

// filter is a commit's filter, nil for none.
func (l *Layer) filter(i int) (Filter, error) {
	if l.filters == nil || l.filterEnds == nil {
		return nil, nil
	}
	from := uint32(0)
	if i > 0 {
		from = binary.BigEndian.Uint32(l.filterEnds[(i-1)*4:])
	}
	to := binary.BigEndian.Uint32(l.filterEnds[i*4:])
	if from > to || int64(to) > int64(len(l.filters)) {
		return nil, damaged("filter out of bounds")
	}
	if from == to {
		return nil, nil
	}
	return Filter(l.filters[from:to:to]), nil
}
