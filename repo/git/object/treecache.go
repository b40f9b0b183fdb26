package object

// maxCached is how many bytes of trees a TreeCache keeps.
const maxCached = 16 << 20

// TreeCache is a Loader that keeps the trees that were read last: neighbouring commits share all
// trees but those on the way to one path. Not for concurrent use.
type TreeCache struct {
	From Loader

	held map[ID][]byte
	size int // bytes in held
}

// ReadTree reads a tree, or gives one that it has kept; the caller must not change it. Zero is a
// tree without entries.
func (c *TreeCache) ReadTree(id ID) ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	if raw, ok := c.held[id]; ok {
		return raw, nil
	}
	raw, err := c.From.ReadTree(id)
	if err != nil {
		return nil, err
	}
	if c.size += len(raw); c.held == nil || c.size > maxCached {
		c.held, c.size = map[ID][]byte{}, len(raw)
	}
	c.held[id] = raw
	return raw, nil
}
