package main

import (
	"iter"
	"strings"
	"time"

	"timemachine/repo/record"
)

// diffDocument is what diff --json prints. Files is never null.
type diffDocument struct {
	Path      string         `json:"path"`
	PathBytes string         `json:"path_bytes,omitempty"`
	Files     []diffFileItem `json:"files"`
}

// diffFileItem is one file that differs. Patch is the unified diff, PatchBytes stands in its place where that is not
// UTF-8; neither is there where Binary or TooLarge is set.
type diffFileItem struct {
	Source      string    `json:"source"`
	SourceBytes string    `json:"source_bytes,omitempty"`
	From        *diffSide `json:"from"` // null: no file then
	To          *diffSide `json:"to"`
	Added       int       `json:"added"` // lines
	Removed     int       `json:"removed"`
	Binary      bool      `json:"binary,omitempty"`
	TooLarge    bool      `json:"too_large,omitempty"`
	Patch       string    `json:"patch,omitempty"`
	PatchBytes  string    `json:"patch_bytes,omitempty"`
}

// diffSide is one of a file's two states; Commit is empty for the file on disk.
type diffSide struct {
	Type   string `json:"type"` // file, symlink or other
	Mode   string `json:"mode"`
	Size   int64  `json:"size"`
	Mtime  string `json:"mtime"`
	Commit string `json:"commit,omitempty"`
}

// diffJSON is the document of a diff at and below path.
func diffJSON(path string, comparisons iter.Seq2[*comparison, error], words bool, zone *time.Location) (diffDocument, error) {
	document := diffDocument{Path: path, PathBytes: rawBytes(path), Files: []diffFileItem{}}
	for c, err := range comparisons {
		if err != nil {
			return document, err
		}
		document.Files = append(document.Files, c.document(words, zone))
	}
	return document, nil
}

func (c *comparison) document(words bool, zone *time.Location) diffFileItem {
	item := diffFileItem{Source: c.source, SourceBytes: rawBytes(c.source), From: sideJSON(&c.from), To: sideJSON(&c.to),
		Added: c.added, Removed: c.removed, Binary: c.binary, TooLarge: c.large}
	var b strings.Builder
	t := diffText{w: &b, style: diffStyle{words: words, zone: zone}}
	if c.content && c.summary() == "" {
		t.body(c)
	}
	if item.PatchBytes = rawBytes(b.String()); item.PatchBytes == "" {
		item.Patch = b.String()
	}
	return item
}

func sideJSON(s *side) *diffSide {
	if !s.there {
		return nil
	}
	j := &diffSide{Type: typeText(s.link), Mode: modeText(s.mode), Size: s.size, Mtime: record.FormatTime(s.mtime), Commit: idText(s.commit)}
	if s.odd != "" {
		j.Type = "other"
	}
	return j
}
