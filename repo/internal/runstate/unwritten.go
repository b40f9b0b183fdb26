package runstate

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// UnwrittenName is the file that lists what could not be written to files/, copies/ and the index
// although everything else is up to date. Each run tries what it lists again.
//
// Its lines are "file COMMIT SOURCE", "copy COMMIT SOURCE" and at most one "index COMMIT". SOURCE
// is quoted as in Go.
const UnwrittenName = "unwritten"

// maxListed is how many versions are listed at most: so many are cheaper to find by a comparison
// with the history.
const maxListed = 4096

// Unwritten lists what could not be written.
type Unwritten struct {
	Files     []UnwrittenVersion // in files/: not written, or not removed
	Copies    []UnwrittenVersion
	Index     bool      // the index lacks what was recorded after IndexBase
	IndexBase object.ID // zero: everything
}

// UnwrittenVersion is a version that could not be written.
type UnwrittenVersion struct {
	Commit object.ID
	Source string
}

// IsEmpty tells whether everything is written.
func (u *Unwritten) IsEmpty() bool { return len(u.Files)+len(u.Copies) == 0 && !u.Index }

// ReadUnwritten reads what [WriteUnwritten] wrote. damaged tells that lines were left out.
func ReadUnwritten(dir *durable.Dir) (u Unwritten, damaged bool, err error) {
	b, err := dir.ReadFile(UnwrittenName, maxUnwritten)
	if errors.Is(err, fs.ErrNotExist) {
		return u, false, nil
	}
	if err != nil {
		return u, false, err
	}
	for line := range strings.Lines(string(b)) {
		damaged = !u.parse(strings.TrimSuffix(line, "\n")) || damaged
	}
	return u, damaged || len(b) > 0 && b[len(b)-1] != '\n', nil
}

// maxUnwritten is the largest list, in bytes: no source is longer than 64 KiB.
const maxUnwritten = 512 << 20

func (u *Unwritten) parse(line string) bool {
	what, rest, _ := strings.Cut(line, " ")
	commit, quoted, _ := strings.Cut(rest, " ")
	id, err := object.ParseID(commit)
	if err != nil {
		return false
	}
	if what == "index" {
		u.Index, u.IndexBase = true, id
		return quoted == ""
	}
	source, err := strconv.Unquote(quoted)
	switch {
	case err != nil:
		return false
	case what == "file":
		u.Files = append(u.Files, UnwrittenVersion{id, source})
	case what == "copy":
		u.Copies = append(u.Copies, UnwrittenVersion{id, source})
	default:
		return false
	}
	return true
}

// WriteUnwritten replaces the list durably, where it says something else. An empty list has no
// file.
func WriteUnwritten(dir *durable.Dir, u *Unwritten) error {
	old, err := dir.ReadFile(UnwrittenName, maxUnwritten)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if u.IsEmpty() {
		if err != nil {
			return nil
		}
		return errors.Join(dir.Remove(UnwrittenName), dir.Sync())
	}
	if text := u.text(); string(old) != text {
		return dir.Replace(UnwrittenName, []byte(text))
	}
	return nil
}

func (u *Unwritten) text() string {
	var b strings.Builder
	if u.Index {
		fmt.Fprintf(&b, "index %s\n", u.IndexBase)
	}
	for _, v := range u.Files {
		fmt.Fprintf(&b, "file %s %q\n", v.Commit, v.Source)
	}
	for _, v := range u.Copies {
		fmt.Fprintf(&b, "copy %s %q\n", v.Commit, v.Source)
	}
	return b.String()
}

// DropFiles removes sources from the list for files/.
func (u *Unwritten) DropFiles(drop func(source string) bool) {
	u.Files = slices.DeleteFunc(u.Files, func(v UnwrittenVersion) bool { return drop(v.Source) })
}

// AddFiles lists versions that files/ lacks; false where they are too many.
func (u *Unwritten) AddFiles(add []UnwrittenVersion) bool { return addVersions(&u.Files, add) }

// AddCopies lists versions whose copy is not written; false where they are too many.
func (u *Unwritten) AddCopies(add []UnwrittenVersion) bool { return addVersions(&u.Copies, add) }

func addVersions(list *[]UnwrittenVersion, add []UnwrittenVersion) bool {
	if len(*list)+len(add) > maxListed {
		return false
	}
	for _, v := range add {
		if !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
	}
	return true
}
