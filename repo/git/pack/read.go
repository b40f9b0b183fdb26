package pack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"timemachine/repo/durable"
	"timemachine/repo/git/loose"
	"timemachine/repo/git/object"
)

// Has tells whether the repository holds the object. It checks the header and the trailer of the
// object's pack, not the object's bytes.
func (s *Store) Has(id object.ID) (bool, error) {
	err := s.find(id, finder{
		packed: func(p *packFile, _ int64) error {
			_, err := p.bytes()
			return err
		},
		loose: func(name string) error {
			_, err := os.Lstat(name)
			return err
		},
	}, nil)
	if errors.Is(err, object.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// HasAllOf tells whether the repository holds all objects of an idx; name is without suffix.
func (s *Store) HasAllOf(name string) (bool, error) {
	data, err := durable.Map(filepath.Join(s.packDir(), name+".idx"), s.owner)
	if err != nil {
		return false, err
	}
	defer durable.Unmap(data)
	var ids []object.ID
	err = durable.Guard(func() error {
		x, err := parseIdx(data)
		for i := 0; err == nil && i < x.count; i++ {
			ids = append(ids, object.ID(x.id(i)))
		}
		return err
	})
	for _, id := range ids {
		if has, err := s.Has(id); err != nil || !has {
			return false, err
		}
	}
	return err == nil, err
}

// Read returns an object whole. It does not hash it (see Verify). Errors: ErrNotFound, ErrDamaged,
// ErrTooBig.
func (s *Store) Read(id object.ID) (kind object.Kind, body []byte, err error) {
	err = s.find(id, finder{
		packed: func(p *packFile, offset int64) (err error) {
			kind, body, err = p.read(offset, s.max)
			return err
		},
		loose: func(name string) error {
			l, err := loose.Open(name, s.owner)
			if err != nil {
				return err
			}
			defer l.Close()
			kind = l.Kind
			body, err = l.Body(limit(l.Kind, s.max))
			return err
		},
	}, nil)
	if err != nil {
		return 0, nil, err
	}
	return kind, body, nil
}

// limit is the size of the largest object of a kind that is read, where any may have max bytes. A
// tree of 256 MiB has four million names.
func limit(kind object.Kind, max int64) int64 {
	switch kind {
	case object.Commit:
		return min(max, 16<<20)
	case object.Tree:
		return min(max, 256<<20)
	}
	return max
}

// Size is an object's length in bytes and its kind. It does not read the object whole. Errors:
// ErrNotFound, ErrDamaged.
func (s *Store) Size(id object.ID) (size int64, kind object.Kind, err error) {
	err = s.find(id, finder{
		packed: func(p *packFile, offset int64) (err error) {
			size, kind, err = p.stat(offset)
			return err
		},
		loose: func(name string) error {
			l, err := loose.Open(name, s.owner)
			if err != nil {
				return err
			}
			defer l.Close()
			size, kind = l.Size, l.Kind
			return nil
		},
	}, nil)
	return size, kind, err
}

// Verify reads an object and compares its content with its name. Another content is ErrDamaged.
func (s *Store) Verify(id object.ID) error {
	_, kind, err := s.Size(id)
	if err != nil {
		return err
	}
	got, err := s.hash(id, kind)
	if err != nil {
		return err
	}
	if got != id {
		return fmt.Errorf("object %s: %w: content is that of %s", id, object.ErrDamaged, got)
	}
	return nil
}

func (s *Store) hash(id object.ID, kind object.Kind) (object.ID, error) {
	if kind != object.Blob {
		kind, body, err := s.Read(id)
		return object.Hash(kind, body), err
	}
	r, size, err := s.Stream(id)
	if err != nil {
		return object.ID{}, err
	}
	defer r.Close()
	h := object.NewBlobHasher(size)
	if _, err := io.Copy(h, r); err != nil {
		return object.ID{}, err
	}
	return h.ID()
}

// ReadTree returns a tree's raw bytes. The empty tree need not be stored. Errors: as Read, and one
// for an object of another kind.
func (s *Store) ReadTree(id object.ID) ([]byte, error) {
	if id == object.EmptyTree {
		return nil, nil
	}
	return s.readKind(id, object.Tree)
}

// ReadCommit returns a commit. Errors: as Read, one for another kind, and that of
// object.ParseCommit.
func (s *Store) ReadCommit(id object.ID) (*object.CommitData, error) {
	raw, err := s.readKind(id, object.Commit)
	if err != nil {
		return nil, err
	}
	c, err := object.ParseCommit(raw)
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", id, err)
	}
	return c, nil
}

// ReadRawCommit returns a commit's body as it is stored. Errors: as Read, and one for an object of
// another kind.
func (s *Store) ReadRawCommit(id object.ID) ([]byte, error) { return s.readKind(id, object.Commit) }

func (s *Store) readKind(id object.ID, want object.Kind) ([]byte, error) {
	kind, body, err := s.Read(id)
	if err != nil {
		return nil, err
	}
	if kind != want {
		return nil, fmt.Errorf("object %s is a %s, not a %s", id, kind, want)
	}
	return body, nil
}
