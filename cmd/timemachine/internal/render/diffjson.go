package render

import (
	"iter"
	"strings"
	"time"

	"timemachine/repo/record"
)

// DiffDocument is what diff --json prints. Files is never null.
type DiffDocument struct {
	Path      string             `json:"path"`
	PathBytes string             `json:"path_bytes,omitempty"`
	Files     []FileDiffDocument `json:"files"`
}

// FileDiffDocument is one file that differs. Patch is the unified diff. PatchBytes replaces it
// where the diff is not UTF-8. A file with Binary or TooLarge set has neither.
type FileDiffDocument struct {
	Source      string        `json:"source"`
	SourceBytes string        `json:"source_bytes,omitempty"`
	From        *SideDocument `json:"from"` // null: no file then
	To          *SideDocument `json:"to"`
	Added       int           `json:"added"` // lines
	Removed     int           `json:"removed"`
	Binary      bool          `json:"binary,omitempty"`
	TooLarge    bool          `json:"too_large,omitempty"`
	Patch       string        `json:"patch,omitempty"`
	PatchBytes  string        `json:"patch_bytes,omitempty"`
}

// SideDocument is one of the two states of a file. Commit and Since are empty for the file on disk.
type SideDocument struct {
	// Source is the name that the file had, where it is another.
	Source      string `json:"source,omitempty"`
	SourceBytes string `json:"source_bytes,omitempty"`

	Type   string `json:"type"` // file, symlink, folder or other
	Mode   string `json:"mode"`
	User   string `json:"user,omitempty"`
	Group  string `json:"group,omitempty"`
	UID    uint32 `json:"uid"`
	GID    uint32 `json:"gid"`
	Size   int64  `json:"size"`
	Mtime  string `json:"mtime,omitempty"`
	Commit string `json:"commit,omitempty"`
	Since  string `json:"since,omitempty"`
	Branch string `json:"branch,omitempty"`

	Xattrs []XattrDocument `json:"xattrs,omitempty"`
}

// DiffJSON is the document of a diff at and below path.
func DiffJSON(path string, comparisons iter.Seq2[*Comparison, error], words bool, zone *time.Location) (DiffDocument, error) {
	document := DiffDocument{Path: path, PathBytes: RawBytes(path), Files: []FileDiffDocument{}}
	for c, err := range comparisons {
		if err != nil {
			return document, err
		}
		document.Files = append(document.Files, c.document(words, zone))
	}
	return document, nil
}

func (c *Comparison) document(words bool, zone *time.Location) FileDiffDocument {
	item := FileDiffDocument{Source: c.Source, SourceBytes: RawBytes(c.Source), From: sideJSON(&c.From), To: sideJSON(&c.To),
		Added: c.Added, Removed: c.Removed, Binary: c.Binary, TooLarge: c.Large}
	var b strings.Builder
	t := diffText{w: &b, style: DiffStyle{Words: words, Zone: zone}}
	if c.Content && c.summary() == "" {
		t.body(c)
	}
	if item.PatchBytes = RawBytes(b.String()); item.PatchBytes == "" {
		item.Patch = b.String()
	}
	return item
}

func sideJSON(s *Side) *SideDocument {
	if !s.There {
		return nil
	}
	j := &SideDocument{Source: s.Source, SourceBytes: RawBytes(s.Source), Type: TypeText(s.Link, s.Folder), Mode: modeText(s.Mode),
		User: s.Owner.User, Group: s.Owner.Group, UID: s.Owner.UID, GID: s.Owner.GID, Size: s.Size, Mtime: TimeText(s.Mtime), Commit: IDText(s.Commit), Branch: s.Branch, Xattrs: xattrsJSON(s.Xattrs)}
	if !s.Commit.IsZero() {
		j.Since = record.FormatTime(s.Since)
	}
	if s.Odd != "" {
		j.Type = "other"
	}
	return j
}
