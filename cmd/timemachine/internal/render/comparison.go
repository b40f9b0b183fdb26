package render

import (
	"cmp"
	"fmt"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/textdiff"
)

// MaxText is the size in bytes of the largest file that is compared line by line. Of a larger file
// only the sizes are shown.
const MaxText = 16 << 20

// Side is a file in one of the two states that are compared.
type Side struct {
	There  bool
	Source string // the name that the file had, where it is another than that of the comparison
	Odd    string // describes what is neither a file nor a link; "" for these
	Link   bool
	Folder bool
	Mode   uint32
	Owner  record.Owner
	Size   int64
	Mtime  time.Time
	Commit object.ID // zero: as it is on disk
	Since  time.Time // from when on the version was in force
	Branch string    // that the version is on, where two are compared; else ""
	Xattrs []record.Xattr
	Closed bool // the attributes cannot be read, and count as equal
}

// SideOf is a version as one of two states; a deletion is not there.
func SideOf(v *record.Version) Side {
	if v.Ends() {
		return Side{}
	}
	return Side{There: true, Link: v.Link, Folder: v.Folder, Mode: v.Mode, Owner: v.Owner(), Size: v.Size, Mtime: v.Mtime, Commit: v.Commit, Xattrs: v.Xattrs}
}

// attributeChanges are the changes of mode, owner, extended attributes and kind between two states
// of a file, in the one form in which every command shows them; none where it is missing in one.
func attributeChanges(from, to *Side) []string {
	if !from.There || !to.There || from.Odd != "" || to.Odd != "" {
		return nil
	}
	var list []string
	if from.Mode != to.Mode {
		list = append(list, "mode "+modeText(from.Mode)+" to "+modeText(to.Mode))
	}
	if owner := ownerChange(from, to); owner != "" {
		list = append(list, owner)
	}
	if text := xattrChange(from, to); text != "" {
		list = append(list, text)
	}
	if old, new := from.kindText(), to.kindText(); old != new {
		list = append(list, old+" to "+new)
	}
	return list
}

// SameXattrs tells whether two states of a file have the same extended attributes.
func SameXattrs(from, to *Side) bool { return xattrChange(from, to) == "" }

// xattrChange names the extended attributes that differ; "" for none.
func xattrChange(from, to *Side) string {
	if !from.There || !to.There || from.Closed || to.Closed || from.kindText() != to.kindText() {
		return ""
	}
	names := changedXattrs(from.Xattrs, to.Xattrs)
	if len(names) == 0 {
		return ""
	}
	return "attributes " + record.QuoteSome(names)
}

// ownerChange is the change of the owner; "" for none.
func ownerChange(from, to *Side) string {
	if from.Owner.Is(to.Owner) {
		return ""
	}
	old, new := record.TellApart(from.Owner, to.Owner)
	return "owner " + terminal.Quote(old) + " to " + terminal.Quote(new)
}

// Comparison is the difference between the two states of a source.
type Comparison struct {
	Source   string
	From, To Side
	Content  bool // the content differs
	Binary   bool
	Large    bool
	Old, New []string // lines, where they were compared
	Edits    []textdiff.Edit
	Added    int // lines
	Removed  int
}

// oldSource is the name that the file had in the first state.
func (c *Comparison) oldSource() string { return cmp.Or(c.From.Source, c.Source) }

// isRename tells whether the file has another name in the second state.
func (c *Comparison) isRename() bool {
	return c.From.There && c.To.There && c.oldSource() != c.Source
}

// similarity is how much of the larger state is in lines of both, in percent.
func (c *Comparison) similarity() int {
	if !c.Content {
		return 100
	}
	size, same := max(c.From.Size, c.To.Size, 1), c.From.Size
	if c.summary() != "" {
		same = 0
	}
	for _, e := range c.Edits {
		for _, line := range c.Old[e.Start:e.End] {
			same -= int64(len(line))
		}
	}
	return int(max(same, 0) * 100 / size)
}

// summary describes a difference that is not shown line by line; "" for all others.
func (c *Comparison) summary() string {
	size := func(s *Side) string {
		switch {
		case !s.There:
			return "nothing"
		case s.Odd != "":
			return s.Odd
		}
		return SizeText(s.Size)
	}
	change := size(&c.From) + " to " + size(&c.To)
	switch {
	case c.From.Odd != "" || c.To.Odd != "":
		return change
	case c.Binary:
		return fmt.Sprintf("Bin %d -> %d bytes", c.From.Size, c.To.Size)
	case c.Large:
		return fmt.Sprintf("over %s, %s", SizeText(MaxText), change)
	}
	return ""
}

// label names the state of a side in the heading of a diff.
func (s *Side) label(zone *time.Location) string {
	if s.Commit.IsZero() {
		return "on disk, modified " + LocalTime(s.Mtime, zone)
	}
	text := VersionText(s.Commit, s.Since, zone)
	if s.Branch != "" {
		text += " on " + terminal.Quote(s.Branch)
	}
	return text
}
