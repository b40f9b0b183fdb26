package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const statBar = 40 // the longest row of + and -

// writeStat writes how many lines changed in each file, and a sum.
func (d *diffing) writeStat(w io.Writer, pairs []pair) error {
	var list []comparison
	width, most, added, removed := 0, 0, 0, 0
	for _, p := range pairs {
		c, err := d.compare(p)
		if err != nil {
			return err
		}
		if c.same {
			continue
		}
		c.old, c.new, c.edits = nil, nil, nil
		list = append(list, c)
		width = max(width, utf8.RuneCountInString(quote(c.source)))
		most = max(most, c.added+c.removed)
		added, removed = added+c.added, removed+c.removed
	}
	if len(list) == 0 {
		return nil
	}
	for i := range list {
		c := &list[i]
		name := quote(c.source) + strings.Repeat(" ", width-utf8.RuneCountInString(quote(c.source)))
		if _, err := fmt.Fprintf(w, " %s | %s\n", name, c.statText(most)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, " %s changed, %s(+), %s(-)\n", count(len(list), "file"), count(added, "insertion"), count(removed, "deletion"))
	return err
}

// statText is a file's row: its changed lines and a bar of them, or what is to be said instead. most is the largest number
// of all rows.
func (c *comparison) statText(most int) string {
	switch {
	case !c.content:
		return fmt.Sprintf("mode %04o to %04o", c.from.mode, c.to.mode)
	case c.summary() != "":
		return c.summary()
	}
	plus, minus := c.added, c.removed
	if most > statBar {
		plus, minus = (plus*statBar+most-1)/most, (minus*statBar+most-1)/most
	}
	return strings.TrimRight(fmt.Sprintf("%d %s%s", c.added+c.removed, strings.Repeat("+", plus), strings.Repeat("-", minus)), " ")
}

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

func (d *diffing) writeJSON(w io.Writer, pairs []pair) error {
	document := diffDocument{Path: d.path, PathBytes: rawBytes(d.path), Files: []diffFileItem{}}
	for _, p := range pairs {
		c, err := d.compare(p)
		if err != nil {
			return err
		}
		if !c.same {
			document.Files = append(document.Files, d.fileItem(&c))
		}
	}
	text, err := jsonText(document, "  ")
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

func (d *diffing) fileItem(c *comparison) diffFileItem {
	item := diffFileItem{Source: c.source, SourceBytes: rawBytes(c.source), From: sideJSON(&c.from), To: sideJSON(&c.to),
		Added: c.added, Removed: c.removed, Binary: c.binary, TooLarge: c.large}
	var b strings.Builder
	t := diffText{w: &b}
	if c.content && c.summary() == "" {
		t.body(d.app, c, d.words)
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
	j := &diffSide{Type: typeText(s.link), Mode: modeText(s.mode), Size: s.size, Mtime: timeJSON(s.mtime), Commit: idText(s.commit)}
	if s.odd != "" {
		j.Type = "other"
	}
	return j
}
