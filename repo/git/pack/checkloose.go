package pack

import (
	"errors"
	"os"
	"path/filepath"

	"timemachine/repo/git/object"
)

// looseFiles lists the loose objects' files.
func (s *Store) looseFiles() ([]string, error) {
	folders, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, f := range folders {
		if len(f.Name()) != 2 || !f.IsDir() {
			continue
		}
		names, err := os.ReadDir(filepath.Join(s.dir, f.Name()))
		if vanished(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			if _, err := object.ParseID(f.Name() + n.Name()); err == nil {
				files = append(files, filepath.Join(s.dir, f.Name(), n.Name()))
			}
		}
	}
	return files, nil
}

// loose checks one loose object.
func (c *checker) loose(file string) {
	defer c.step()
	id, err := object.ParseID(filepath.Base(filepath.Dir(file)) + filepath.Base(file))
	if err != nil {
		return
	}
	l, err := openLoose(file)
	if vanished(err) {
		return
	}
	if err == nil && !c.o.Quick {
		err = hashed(&exactStream{l.z, l.size, func() error { return errInflate }}, l.kind, l.size, id)
	}
	if l != nil {
		err = errors.Join(err, l.Close())
	}
	if err != nil {
		c.flaw(file, id, err)
	}
}
