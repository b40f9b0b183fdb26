package record

import (
	"errors"
	"fmt"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/layout"
)

// Version is a record together with the commit that carries it.
type Version struct {
	Record
	Commit    object.ID
	Committed time.Time // the committer date: whole seconds, see Tx.Commit
}

// OfCommit is the version that a commit carries. Errors are those of Parse; Commit and Committed
// are set also with an error.
func OfCommit(id object.ID, c *object.CommitData) (Version, error) {
	rec, err := Parse(c.Message)
	return Version{Record: rec, Commit: id, Committed: c.Committer.When}, err
}

// HasRecord tells whether a commit has a record, even one that Parse does not understand.
func HasRecord(c *object.CommitData) bool {
	_, err := Parse(c.Message)
	return !errors.Is(err, ErrNone)
}

// TreeMode is the mode of a version in the tree.
func TreeMode(rec *Record) object.Mode {
	switch {
	case rec.Link:
		return object.ModeLink
	case rec.Mode&0o100 != 0:
		return object.ModeExec
	}
	return object.ModeFile
}

// TreePath is where git tracks a version.
func TreePath(rec *Record) (string, error) {
	if rec.File == "" {
		return layout.Former.TreePath(rec.Source)
	}
	_, err := spelling(rec)
	return rec.File, err
}

// XattrPath is where the tree holds the value of an attribute that has a Blob.
func XattrPath(x *Xattr) string { return "xattrs/" + x.Blob.String() }

// spelling is the spelling of a version's places.
func spelling(rec *Record) (layout.Spelling, error) {
	if rec.File == "" {
		return layout.Former, nil
	}
	s, ok := layout.SpelledAs(rec.Source, rec.File)
	if !ok { // another program wrote the record
		return s, fmt.Errorf("its File %s is no place of its source", Quote(rec.File))
	}
	return s, nil
}

// IsCopyPath tells whether the version's Copy is a path that its copy can have.
func IsCopyPath(rec *Record) bool {
	s, err := spelling(rec)
	return err == nil && s.IsCopyPath(rec.Copy, rec.Source, rec.Mtime)
}

// InTree finds the source in a tree, as Files lists it, in any of its places.
func InTree(tree map[string]object.TreeEntry, source string) (object.TreeEntry, bool) {
	for _, path := range layout.TreePaths(source) {
		if e, there := tree[path]; there {
			return e, true
		}
	}
	return object.TreeEntry{}, false
}

// FormerPath is where a version's source was in the tree before its names were escaped as they are
// now; "" where that is no other place, and for a source that is spelled apart.
func FormerPath(rec *Record) string {
	if rec.File == "" {
		return ""
	}
	usual, err := layout.TreePath(rec.Source)
	former, ferr := layout.Former.TreePath(rec.Source)
	if err != nil || ferr != nil || rec.File != usual || former == usual {
		return ""
	}
	return former
}

// IsAtFormerPath tells whether a tree, as Files lists it, holds the source where no version goes
// any more.
func IsAtFormerPath(tree map[string]object.TreeEntry, source string) bool {
	usual, err := layout.TreePath(source)
	former, ferr := layout.Former.TreePath(source)
	_, there := tree[former]
	return err == nil && ferr == nil && former != usual && there
}

// Agrees tells whether the tree's entry for a source is what its newest version says. there is
// false where the tree has no entry.
func Agrees(v *Version, e object.TreeEntry, there bool) bool {
	if !v.HasContent() {
		return !there || e.Mode.IsTree()
	}
	return there && e.ID == v.Blob && e.Mode == TreeMode(&v.Record)
}
