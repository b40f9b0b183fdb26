package ref

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// Branches lists the branches and the remote-tracking branches by their full names, in order. It
// leaves out symbolic references, as refs/remotes/origin/HEAD is, and names that git does not
// accept. A branch whose file is damaged is listed.
func (s *Store) Branches() ([]string, error) {
	names := map[string]bool{}
	for _, folder := range []string{"refs/heads", "refs/remotes"} {
		if err := s.addLoose(names, folder); err != nil {
			return nil, err
		}
	}
	if err := s.addPacked(names); err != nil {
		return nil, err
	}
	maps.DeleteFunc(names, func(_ string, listed bool) bool { return !listed })
	return slices.Sorted(maps.Keys(names)), nil
}

// addLoose adds the loose references in a folder and below it: false for symbolic ones. What
// vanishes meanwhile was deleted or packed.
func (s *Store) addLoose(names map[string]bool, name string) error {
	if len(name) > maxNameLen {
		return nil
	}
	dir, err := s.folder(name)
	if durable.IsMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.close()
	below, err := dir.Names()
	if err != nil {
		return err
	}
	for _, base := range below {
		full := name + "/" + base
		st, err := dir.Lstat(base)
		switch {
		case durable.IsNoEntry(err), err == nil && !st.IsDir() && (!st.IsRegular() || CheckName(full) != nil):
		case err != nil:
			return err
		case st.IsDir():
			if err := s.addLoose(names, full); err != nil {
				return err
			}
		default:
			b, err := dir.ReadFile(base, maxRefFile)
			if !durable.IsMissing(err) {
				names[full] = !strings.HasPrefix(string(b), "ref: ")
			}
		}
	}
	return nil
}

// addPacked adds the packed branches, unless there are loose references of these names.
func (s *Store) addPacked(names map[string]bool) error {
	b, err := s.git.ReadFile(packedName, maxPackedRef)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		hex, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		_, isLoose := names[name]
		if _, err := object.ParseID(hex); err != nil || isLoose || CheckName(name) != nil {
			continue
		}
		if strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/remotes/") {
			names[name] = true
		}
	}
	return nil
}
