package index

import (
	"cmp"
	"slices"
	"strings"

	"timemachine/repo/git/object"
)

// Change puts one path into the index, or removes it.
type Change struct {
	Path   string    // tree path, exact bytes, up to 64 KiB
	Mode   uint32    // 0100644, 0100755 or 0120000; ignored with Remove
	ID     object.ID // of the blob; ignored with Remove
	Stat   Stat      // of the work-tree file; ignored with Remove
	Remove bool      // take the path out; one that is not there is no error
}

// outcome is the result of the changes to one path: the last of them.
type outcome struct {
	*Change
	at    int // which of the changes it is
	added int // the last that put the path in, and so displaced what was in its way; -1: none
}

// settle checks the changes, and returns their results by path.
func settle(changes []Change) ([]outcome, error) {
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
	settled := make([]outcome, 0, len(order))
	for _, i := range order {
		o := outcome{Change: &changes[i], at: i, added: i}
		if o.Remove {
			o.added = -1
		}
		if n := len(settled); n > 0 && settled[n-1].Path == o.Path {
			o.added = max(o.added, settled[n-1].added)
			settled = settled[:n-1]
		}
		settled = append(settled, o)
	}
	return settled, checkFolders(settled)
}

// checkFolders refuses a file and a folder of the same name. One may follow the other if a Change
// removed it in between.
func checkFolders(settled []outcome) error {
	for i, o := range settled {
		for _, next := range settled[i+1:] {
			rest, related := strings.CutPrefix(next.Path, o.Path)
			if !related {
				break
			}
			if rest[0] == '/' && !o.gives(next) && !next.gives(o) {
				return &ChangeError{Path: o.Path, Reason: "both a file and a folder"}
			}
		}
	}
	return nil
}

// gives tells whether o was removed before other was put in last.
func (o outcome) gives(other outcome) bool {
	return o.added < 0 || o.Remove && o.added < other.added && o.at < other.added
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

// pathFlaw says why git does not accept path.
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

// sameContent tells whether c leaves r unchanged as far as trees go.
func (c *Change) sameContent(r rawEntry) bool {
	return r.stage() == 0 && !r.awaitsAdd() && r.mode() == c.Mode && r.id() == c.ID
}
