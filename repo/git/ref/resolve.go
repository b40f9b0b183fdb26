package ref

import (
	"errors"
	"io/fs"
	"strings"

	"timemachine/repo/git/object"
)

const maxSymbolic = 5

// Resolve is the object that a reference leads to through symbolic references; full is its full
// name or HEAD. name is the last reference. The error is ErrMissing where a reference is missing,
// and for a name that no reference can have.
func (s *Store) Resolve(full string) (id object.ID, name string, err error) {
	for range maxSymbolic {
		if CheckName(full) != nil {
			return id, "", ErrMissing
		}
		b, err := s.readFile(full, maxRefFile)
		target, symbolic := strings.CutPrefix(string(b), "ref: ")
		if err == nil && symbolic {
			full = strings.TrimSpace(target)
			continue
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return id, "", ErrMissing // a folder, or a file in the place of one
		}
		id, err = s.Read(full)
		return id, full, err
	}
	return id, "", &DamagedError{Name: full, Found: "its symbolic references do not end"}
}
