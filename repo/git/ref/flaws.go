package ref

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// Flaw is what is wrong with a reference, or with the file of the packed ones.
type Flaw struct {
	Name string // below .git: a full name, a folder, or packed-refs
	Msg  string
}

// maxNameLen is the longest name of a reference that is looked at, in bytes: no path is longer.
const maxNameLen = 4096

// Flaws looks at all references, and lists those that git stops at, waits for, or takes for none.
// has tells whether the repository holds an object. The error is that of the file system or of has.
func (s *Store) Flaws(has func(object.ID) (bool, error)) ([]Flaw, error) {
	f := flawFinder{has: has}
	refs, err := s.git.Sub("refs")
	if err == nil {
		err = f.folder(refs, "refs")
		refs.Close()
	}
	if err != nil && !durable.IsMissing(err) {
		return f.flaws, err
	}
	b, err := s.git.ReadFile(packedName, maxPackedRef)
	if durable.IsNoEntry(err) {
		return f.flaws, nil
	}
	if err != nil {
		f.add(packedName, "%s", durable.Reason(err))
		return f.flaws, nil
	}
	return f.flaws, f.packed(b)
}

const packedName = "packed-refs"

type flawFinder struct {
	has   func(object.ID) (bool, error)
	flaws []Flaw
}

func (f *flawFinder) add(name, format string, args ...any) {
	f.flaws = append(f.flaws, Flaw{name, fmt.Sprintf(format, args...)})
}

// folder looks at the references in a folder and below it. What vanishes meanwhile was moved.
func (f *flawFinder) folder(dir *durable.Dir, name string) error {
	if len(name) > maxNameLen {
		f.add(name[:200]+"…", "lies deeper than any path")
		return nil
	}
	names, err := dir.Names()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, base := range names {
		full := name + "/" + base
		st, err := dir.Lstat(base)
		switch {
		case durable.IsNoEntry(err), err == nil && st.IsLink(), strings.HasSuffix(base, ".lock"):
		case err != nil:
			return err
		case st.IsDir():
			sub, err := dir.Sub(base)
			if err == nil {
				err = f.folder(sub, full)
				sub.Close()
			}
			if err != nil && !durable.IsMissing(err) {
				return err
			}
		case !st.IsRegular():
			f.add(full, "is no regular file: git may wait for it")
		case CheckName(full) != nil:
			f.add(full, "has a name that git does not accept")
		default:
			if err := f.loose(dir, base, full); err != nil {
				return err
			}
		}
	}
	return nil
}

// loose looks at the file of one reference.
func (f *flawFinder) loose(dir *durable.Dir, base, full string) error {
	b, err := dir.ReadFile(base, maxRefFile)
	if durable.IsMissing(err) {
		return nil
	}
	if err != nil {
		f.add(full, "%s", durable.Reason(err))
		return nil
	}
	if target, symbolic := strings.CutPrefix(string(b), "ref: "); symbolic {
		if CheckName(strings.TrimSpace(target)) != nil {
			f.add(full, "leads to a name that git does not accept")
		}
		return nil
	}
	id, err := object.ParseID(strings.TrimRight(string(b), "\n"))
	if err != nil || id.IsZero() {
		f.add(full, "%s", describe(b))
		return nil
	}
	return f.object(full, id)
}

func (f *flawFinder) object(name string, id object.ID) error {
	held, err := f.has(id)
	if err == nil && !held {
		f.add(name, "names %s, which is missing", id.Short())
	}
	return err
}

// packed looks at the lines of packed-refs, up to the first one that git stops at.
func (f *flawFinder) packed(b []byte) error {
	if len(b) > 0 && b[len(b)-1] != '\n' {
		f.add(packedName, "its last line is cut short: git stops there")
		return nil
	}
	n, ref := 0, false
	for line := range bytes.Lines(b) {
		n++
		text := string(bytes.TrimSuffix(line, []byte("\n")))
		if n == 1 && strings.HasPrefix(text, "#") {
			continue
		}
		peeled, isPeeled := strings.CutPrefix(text, "^")
		hex, name, spaced := strings.Cut(text, " ")
		if isPeeled {
			hex = peeled
		}
		id, err := object.ParseID(hex)
		if err != nil || isPeeled && !ref || !isPeeled && (!spaced || CheckName(name) != nil) {
			f.add(packedName, "line %d holds no reference: git stops there", n)
			return nil
		}
		if ref = !isPeeled; ref {
			if err := f.object(name, id); err != nil {
				return err
			}
		}
	}
	return nil
}
