package ref

import (
	"errors"
	"io/fs"
	"maps"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// All is what the references below refs/ point at, by full name. Symbolic references and those that
// git does not accept are left out. Errors: the file system's.
func (s *Store) All() (map[string]object.ID, error) {
	// Loose ones first: git pack-refs writes packed-refs before it removes them.
	loose := map[string]object.ID{}
	refs, err := s.git.Sub("refs")
	if err == nil {
		err = addLoose(loose, refs, "refs")
		refs.Close()
	}
	if err != nil && !durable.IsMissing(err) {
		return nil, err
	}
	all := map[string]object.ID{}
	b, err := s.git.ReadFile(packedName, maxPackedRef)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		hex, name, ok := strings.Cut(strings.TrimRight(line, "\n"), " ")
		if id, err := object.ParseID(hex); ok && err == nil && CheckName(name) == nil {
			all[name] = id
		}
	}
	maps.Copy(all, loose)
	return all, nil
}

// addLoose adds the references in a folder and below it. What vanishes meanwhile was packed.
func addLoose(all map[string]object.ID, dir *durable.Dir, name string) error {
	if len(name) > maxNameLen {
		return nil
	}
	names, err := dir.Names()
	if err != nil {
		return err
	}
	for _, base := range names {
		full := name + "/" + base
		if st, err := dir.Lstat(base); err == nil && st.IsDir() {
			sub, err := dir.Sub(base)
			if err == nil {
				err = addLoose(all, sub, full)
				sub.Close()
			}
			if err != nil && !durable.IsMissing(err) {
				return err
			}
			continue
		}
		if CheckName(full) != nil {
			continue
		}
		b, err := dir.ReadFile(base, maxRefFile)
		if err != nil {
			continue
		}
		if id, err := object.ParseID(strings.TrimRight(string(b), "\n")); err == nil && !id.IsZero() {
			all[full] = id
		}
	}
	return nil
}
