package pack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/deflate"
	"timemachine/repo/git/delta"
	"timemachine/repo/git/object"
)

// maxChain is the longest chain of deltas that git writes. A longer chain is a loop, or made to
// keep readers busy.
const maxChain = 4095

// packFile is one pack with its idx. It maps each of the two at their first use.
type packFile struct {
	base    string  // path without .idx and .pack
	owner   *uint32 // as in StoreOptions
	size    int64   // of the idx, and its mtime: they tell a replaced file from the same one
	modTime time.Time
	sets    int // packSets that hold it; guarded by Store.mu

	mu   sync.Mutex
	idx  *idx
	data []byte
}

func (p *packFile) damaged(err error) error {
	return fmt.Errorf("pack %q: %w: %w", p.base+".pack", object.ErrDamaged, err)
}

// index maps the idx. It does not remember an error: a repository may be under repair.
func (p *packFile) index() (*idx, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idx != nil {
		return p.idx, nil
	}
	data, err := durable.Map(p.base+".idx", p.owner)
	if err != nil {
		return nil, err
	}
	x, err := parseIdx(data)
	if err != nil {
		durable.Unmap(data)
		return nil, fmt.Errorf("idx %q: %w: %w", p.base+".idx", object.ErrDamaged, err)
	}
	p.idx = x
	return x, nil
}

// checkedIndex is index after the idx was compared with its checksum.
func (p *packFile) checkedIndex() (*idx, error) {
	x, err := p.index()
	if err == nil {
		if err = x.checkSum(); err != nil {
			return nil, fmt.Errorf("idx %q: %w: %w", p.base+".idx", object.ErrDamaged, err)
		}
	}
	return x, err
}

// bytes maps the pack, and compares its header and trailer with the idx.
func (p *packFile) bytes() ([]byte, error) {
	x, err := p.index()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.data != nil {
		return p.data, nil
	}
	data, err := durable.Map(p.base+".pack", p.owner)
	if err != nil {
		return nil, err
	}
	if err := checkFrame(data, x); err != nil {
		durable.Unmap(data)
		return nil, p.damaged(err)
	}
	p.data = data
	return data, nil
}

func checkFrame(data []byte, x *idx) error {
	switch {
	case len(data) < HeaderLen+object.IDLen:
		return errors.New("cut short")
	case string(data[:4]) != "PACK":
		return errors.New("no pack header")
	case data[4]|data[5]|data[6] != 0 || data[7] != 2 && data[7] != 3:
		return errors.New("pack version unknown")
	case int64(binary.BigEndian.Uint32(data[8:])) != int64(x.count):
		return errors.New("object count differs from its idx")
	case !bytes.Equal(data[len(data)-object.IDLen:], x.packSum()):
		return errors.New("trailer differs from its idx")
	}
	return nil
}

func (p *packFile) unmap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idx != nil {
		durable.Unmap(p.idx.data)
	}
	durable.Unmap(p.data)
	p.idx, p.data = nil, nil
}

// find looks the object up in the idx.
func (p *packFile) find(id object.ID) (offset int64, found bool, err error) {
	x, err := p.index()
	if err != nil {
		return 0, false, err
	}
	offset, found, err = x.find(id)
	if err != nil {
		err = p.damaged(err)
	}
	return offset, found, err
}

// entry is an entry's header and its zlib stream.
type entry struct {
	EntryHeader
	offset int64
	z      []byte // from the stream's start to the pack's trailer
}

func (p *packFile) entry(offset int64) (entry, error) {
	data, err := p.bytes()
	if err != nil {
		return entry{}, err
	}
	end := int64(len(data) - object.IDLen)
	if offset < HeaderLen || offset >= end {
		return entry{}, p.damaged(fmt.Errorf("offset %d out of range", offset))
	}
	h, err := ParseHeader(data[offset:end])
	if err != nil {
		return entry{}, p.damaged(fmt.Errorf("offset %d: %w", offset, err))
	}
	return entry{EntryHeader: h, offset: offset, z: data[offset+int64(h.Len) : end]}, nil
}

// chain lists the entry and the bases below it. The last one is whole.
func (p *packFile) chain(offset int64) ([]entry, error) {
	var list []entry
	for len(list) <= maxChain {
		e, err := p.entry(offset)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		switch e.Kind {
		case OfsDelta:
			offset = e.offset - e.Distance
			if e.Distance <= 0 {
				return nil, p.damaged(fmt.Errorf("offset %d: delta on itself", e.offset))
			}
		case RefDelta:
			var found bool
			if offset, found, err = p.find(e.Base); err != nil {
				return nil, err
			} else if !found {
				return nil, p.damaged(fmt.Errorf("delta base %s absent", e.Base))
			}
		default:
			return list, nil
		}
	}
	return nil, p.damaged(fmt.Errorf("offset %d: delta chain over %d", list[0].offset, maxChain))
}

// read makes the object at offset.
func (p *packFile) read(offset, max int64) (object.Kind, []byte, error) {
	list, err := p.chain(offset)
	if err != nil {
		return 0, nil, err
	}
	last := list[len(list)-1]
	max = limit(object.Kind(last.Kind), max)
	body, err := deflate.Inflate(last.z, last.Size, max)
	var spare []byte
	for i := len(list) - 2; i >= 0 && err == nil; i-- {
		var d, made []byte
		if d, err = deflate.Inflate(list[i].z, list[i].Size, max); err == nil {
			made, err = delta.ApplyTo(spare, body, d, max)
			spare, body = body, made
		}
	}
	if err != nil {
		return 0, nil, p.failed(offset, err)
	}
	return object.Kind(last.Kind), body, nil
}

// failed wraps the error of an entry. An object that is too big is no damage.
func (p *packFile) failed(offset int64, err error) error {
	err = fmt.Errorf("offset %d: %w", offset, err)
	if errors.Is(err, object.ErrTooBig) {
		return fmt.Errorf("pack %q: %w", p.base+".pack", err)
	}
	return p.damaged(err)
}

// stat is the object's size and kind. It does not make the object: the first bytes of a delta hold
// the size.
func (p *packFile) stat(offset int64) (int64, object.Kind, error) {
	list, err := p.chain(offset)
	if err != nil {
		return 0, 0, err
	}
	kind := object.Kind(list[len(list)-1].Kind)
	if len(list) == 1 {
		return list[0].Size, kind, nil
	}
	start, err := deflate.Peek(list[0].z, 20)
	if err != nil {
		return 0, 0, p.failed(offset, err)
	}
	size, _, err := delta.Sizes(start, -1)
	if err != nil {
		return 0, 0, p.failed(offset, err)
	}
	return size, kind, nil
}
