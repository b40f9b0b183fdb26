package pack

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"sort"

	"timemachine/repo/git/object"
)

const (
	idxHeaderLen = 8
	idxNames     = idxHeaderLen + 256*4
)

var IdxMagic = []byte("\xfftOc\x00\x00\x00\x02")

// idx reads a mapped idx of version 2. parseIdx checks its header, counts and length; each reader
// of a table checks what it reads.
type idx struct {
	data  []byte
	count int
	large int // entries of the table of 64-bit offsets
}

func parseIdx(data []byte) (*idx, error) {
	if len(data) < idxNames+2*object.IDLen {
		return nil, errors.New("idx cut short")
	}
	if !bytes.HasPrefix(data, IdxMagic) {
		if bytes.HasPrefix(data, IdxMagic[:4]) {
			return nil, errors.New("idx version not 2")
		}
		return nil, errors.New("idx version 1 not supported")
	}
	x := &idx{data: data}
	last := uint32(0)
	for i := range 256 {
		n := binary.BigEndian.Uint32(data[idxHeaderLen+4*i:])
		if n < last {
			return nil, errors.New("idx counts not rising")
		}
		last = n
	}
	rest := int64(len(data)) - idxNames - int64(last)*(int64(object.IDLen)+8) - 2*int64(object.IDLen)
	if rest < 0 || rest%8 != 0 || rest/8 > int64(last) {
		return nil, errors.New("idx length wrong")
	}
	x.count, x.large = int(last), int(rest/8)
	return x, nil
}

func (x *idx) id(i int) []byte { return x.data[idxNames+i*object.IDLen:][:object.IDLen] }

// crc is the CRC-32 of entry i's bytes in the pack.
func (x *idx) crc(i int) uint32 {
	return binary.BigEndian.Uint32(x.data[idxNames+x.count*object.IDLen+4*i:])
}

// checkSum compares the idx with its own checksum. It reads all of it.
func (x *idx) checkSum() error {
	body, sum := x.data[:len(x.data)-object.IDLen], x.data[len(x.data)-object.IDLen:]
	if got := sha1.Sum(body); !bytes.Equal(got[:], sum) {
		return errSum
	}
	return nil
}

// errSum says that a file differs from the checksum at its end.
var errSum = errors.New("its checksum does not match")

// packSum is the trailer of the pack that the idx belongs to.
func (x *idx) packSum() []byte { return x.data[len(x.data)-2*object.IDLen:][:object.IDLen] }

// find looks up an entry's offset in the pack.
func (x *idx) find(id object.ID) (offset int64, found bool, err error) {
	i, found := x.place(id)
	if !found {
		return 0, false, nil
	}
	offset, err = x.offset(i)
	return offset, err == nil, err
}

// place is an object's number among the names.
func (x *idx) place(id object.ID) (int, bool) {
	lo := 0
	if id[0] > 0 {
		lo = x.before(id[0] - 1)
	}
	hi := x.before(id[0])
	if lo >= hi {
		return 0, false
	}
	i := lo + sort.Search(hi-lo, func(k int) bool { return bytes.Compare(x.id(lo+k), id[:]) >= 0 })
	return i, i < hi && bytes.Equal(x.id(i), id[:])
}

// before counts the names that begin with b or less. The file may have changed since parseIdx saw
// it: there are never more than count.
func (x *idx) before(b byte) int {
	return min(int(binary.BigEndian.Uint32(x.data[idxHeaderLen+4*int(b):])), x.count)
}

func (x *idx) offset(i int) (int64, error) {
	offsets := x.data[idxNames+x.count*(object.IDLen+4):]
	n := binary.BigEndian.Uint32(offsets[4*i:])
	if n&(1<<31) == 0 {
		return int64(n), nil
	}
	k := int(n &^ (1 << 31))
	if k >= x.large {
		return 0, errors.New("idx offset out of range")
	}
	return int64(binary.BigEndian.Uint64(offsets[4*x.count+8*k:])), nil
}
