package localgit

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"

	"timemachine/repo/durable"
	"timemachine/repo/git/deflate"
	"timemachine/repo/git/loose"
	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/internal/transport/fault"
)

// Fetch writes all objects of the repository to to, reachable or not: entries of packs as they are,
// and each object once.
func (r *Repository) Fetch(ctx context.Context, want []object.ID, to io.Writer) error {
	store, err := r.store()
	if err != nil {
		return err
	}
	defer store.Close()
	for _, id := range want {
		if has, err := store.Has(id); err != nil || !has {
			return fault.New(fault.Protocol, fmt.Sprintf("the repository lacks %s", id), err)
		}
	}
	g := &gathering{ctx: ctx, store: store, at: map[object.ID]int64{}}
	defer g.close()
	if err := g.list(filepath.Join(r.path, "objects")); err != nil {
		return err
	}
	sum := sha1.New()
	g.out = bufio.NewWriterSize(io.MultiWriter(to, sum), 64<<10)
	if err := g.write(); err != nil {
		return err
	}
	_, err = to.Write(sum.Sum(nil))
	return err
}

// gathering writes all packs and loose objects of a repository as one pack.
type gathering struct {
	ctx   context.Context
	store *pack.Store
	held  []*pack.Held
	loose []object.ID
	at    map[object.ID]int64 // where each object begins in the new pack; 0: not yet written
	out   *bufio.Writer
	size  int64
}

func (g *gathering) close() {
	for _, h := range g.held {
		h.Close()
	}
}

// list lists the objects.
func (g *gathering) list(objects string) error {
	names, err := g.store.Names()
	if err == nil {
		err = g.hold(names)
	}
	if err != nil {
		return err
	}
	files, err := loose.Files(objects)
	if err != nil {
		return err
	}
	for _, file := range files {
		id, err := loose.FileID(file)
		if err != nil {
			continue
		}
		if _, packed := g.at[id]; !packed {
			g.at[id] = 0
			g.loose = append(g.loose, id)
		}
	}
	return nil
}

// hold opens packs, and lists their objects.
func (g *gathering) hold(names []string) error {
	for _, name := range names {
		h, err := g.store.Hold(name)
		if err != nil {
			return err
		}
		g.held = append(g.held, h)
		err = durable.Guard(func() error {
			if err := h.CheckIdx(); err != nil {
				return err
			}
			places, err := h.Places()
			for i := range places {
				g.at[places[i].ID] = 0
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *gathering) put(parts ...[]byte) error {
	for _, p := range parts {
		n, err := g.out.Write(p)
		if g.size += int64(n); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathering) write() error {
	if err := g.put(binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(g.at)))); err != nil {
		return err
	}
	for _, h := range g.held {
		if err := durable.Guard(func() error { return g.copy(h) }); err != nil {
			return err
		}
		g.store.Trim()
	}
	compress := deflate.New(deflate.Options{})
	for _, id := range g.loose {
		if err := g.ctx.Err(); err != nil {
			return err
		}
		kind, body, err := g.store.Read(id)
		if err == nil && object.Hash(kind, body) != id {
			err = fmt.Errorf("object %s: %w", id, object.ErrDamaged)
		}
		if err != nil {
			return err
		}
		z := compress.Object(kind, body)
		err = g.put(pack.AppendHeader(nil, uint8(kind), int64(len(body))), z.Bytes())
		z.Free()
		if err != nil {
			return err
		}
	}
	return g.out.Flush()
}

// copy copies the entries of a pack that no earlier one has. A base that comes later, as it may for
// a delta that names it, is named.
func (g *gathering) copy(h *pack.Held) error {
	places, err := h.Places()
	if err != nil {
		return err
	}
	for i := range places {
		if i%256 == 0 && g.ctx.Err() != nil {
			return g.ctx.Err()
		}
		e := &places[i]
		if g.at[e.ID] > 0 {
			continue
		}
		raw, err := h.CheckedEntry(e)
		if err != nil {
			return err
		}
		head, err := pack.ParseHeader(raw)
		if err != nil {
			return h.Damaged(err)
		}
		base := head.Base
		if head.Kind == pack.OfsDelta {
			n, ok := pack.FindPlace(places, e.At-head.Distance)
			if !ok {
				return h.Damaged(fmt.Errorf("no delta base at offset %d", e.At-head.Distance))
			}
			base = places[n].ID
		}
		g.at[e.ID] = g.size
		start := pack.AppendHeader(nil, head.Kind, head.Size)
		switch {
		case base.IsZero():
		case g.at[base] > 0:
			start = pack.AppendDistance(pack.AppendHeader(nil, pack.OfsDelta, head.Size), g.size-g.at[base])
		default:
			start = append(pack.AppendHeader(nil, pack.RefDelta, head.Size), base[:]...)
		}
		if err := g.put(start, raw[head.Len:]); err != nil {
			return err
		}
	}
	return nil
}
