package gitindex

import (
	"cmp"
	"slices"
	"strings"

	"timemachine/repo/object"
)

// Change puts one path into the index, or takes it out.
type Change struct {
	Path   string    // tree path, exact bytes, up to 64 KiB
	Mode   uint32    // 0100644, 0100755 or 0120000; ignored with Remove
	ID     object.ID // of the blob; ignored with Remove
	Stat   Stat      // of the work-tree file; ignored with Remove
	Remove bool      // take the path out; one that is not there is no error
}

// settle checks the changes and returns them by path. Of several for one path the last counts, as if they had been
// applied one by one.
func settle(changes []Change) ([]*Change, error) {
	order := make([]int, len(changes))
	for i := range changes {
		if err := changes[i].check(); err != nil {
			return nil, err
		}
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(strings.Compare(changes[i].Path, changes[j].Path), i-j)
	})
	settled := make([]*Change, 0, len(order))
	for n, i := range order {
		if n+1 < len(order) && changes[order[n+1]].Path == changes[i].Path {
			continue
		}
		settled = append(settled, &changes[i])
	}
	return settled, nil
}

func (c *Change) check() error {
	reason := pathFlaw(c.Path)
	if reason == "" && !c.Remove {
		reason = c.contentFlaw()
	}
	if reason != "" {
		return &ChangeError{Path: c.Path, Reason: reason}
	}
	return nil
}

func (c *Change) contentFlaw() string {
	switch {
	case c.Mode != 0100644 && c.Mode != 0100755 && c.Mode != typeLink:
		return "mode is not a file's or a link's"
	case c.ID.IsZero():
		return "no object"
	}
	return ""
}

// pathFlaw is why git would not take path.
func pathFlaw(path string) string {
	switch {
	case len(path) > maxName:
		return "path too long"
	case strings.IndexByte(path, 0) >= 0:
		return "NUL in path"
	}
	for rest, more := path, true; more; {
		var part string
		part, rest, more = strings.Cut(rest, "/")
		switch {
		case part == "":
			return "empty path component"
		case part == "." || part == ".." || strings.EqualFold(part, ".git"):
			return "path component git refuses"
		}
	}
	return ""
}

// sameContent tells whether c gives an entry of stage 0 the content it has.
func (c *Change) sameContent(r record) bool {
	return !c.Remove && r.stage() == 0 && !r.awaitsAdd() && r.mode() == c.Mode && r.id() == c.ID
}
