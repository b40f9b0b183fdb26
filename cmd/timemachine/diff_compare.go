package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"timemachine/repo/git/object"
	"timemachine/repo/textdiff"
)

const (
	maxText   = 16 << 20 // bytes of a file that is compared line by line; larger ones are summed up
	binarySee = 8000     // bytes looked at for a NUL, as git does
	contextOf = 3        // equal lines around a change
)

// comparison is how a source's two states differ.
type comparison struct {
	pair
	same     bool // content, kind and mode are equal
	content  bool // the content differs
	binary   bool
	large    bool
	old, new []string // lines, where they were compared
	edits    []textdiff.Edit
	added    int
	removed  int
}

// compare finds out how a pair differs.
func (d *diffing) compare(p pair) (comparison, error) {
	c := comparison{pair: p}
	if p.from.odd != "" || p.to.odd != "" {
		c.content = true
		return c, nil
	}
	equal, err := d.equal(&p)
	if err != nil {
		return c, d.unreadable(p.source, err)
	}
	c.content = !equal
	c.same = equal && p.from.there == p.to.there && p.from.link == p.to.link && p.from.mode == p.to.mode
	if equal {
		return c, nil
	}
	if c.large = p.from.size > maxText || p.to.size > maxText; c.large {
		return c, nil
	}
	return c, c.lines()
}

func (d *diffing) unreadable(source string, err error) error {
	return &failure{msg: quote(source) + ": " + cause(err), err: err}
}

// equal tells whether both states have the same content, without holding it in memory.
func (d *diffing) equal(p *pair) (bool, error) {
	if p.from.there != p.to.there || p.from.link != p.to.link {
		return false, nil
	}
	if !p.from.blob.IsZero() && !p.to.blob.IsZero() {
		return p.from.blob == p.to.blob, nil
	}
	if p.from.size != p.to.size {
		return false, nil
	}
	src, err := p.to.open()
	if err != nil {
		return false, err
	}
	defer src.Close()
	hash := object.NewBlobHasher(p.to.size)
	if _, err := io.Copy(hash, src); err != nil {
		return false, nil // it grew or shrank meanwhile
	}
	id, err := hash.ID()
	return err == nil && id == p.from.blob, nil
}

// lines compares the content line by line, unless one of the two is binary.
func (c *comparison) lines() error {
	old, err := c.from.text()
	if err != nil {
		return err
	}
	new, err := c.to.text()
	if err != nil {
		return err
	}
	if c.binary = isBinary(old) || isBinary(new); c.binary {
		return nil
	}
	c.old, c.new = textdiff.Split(string(old)), textdiff.Split(string(new))
	c.edits = textdiff.Lines(c.old, c.new)
	for _, e := range c.edits {
		c.added += e.NewEnd - e.NewStart
		c.removed += e.End - e.Start
	}
	return nil
}

// text reads a side's content; empty where there is no file.
func (s *side) text() ([]byte, error) {
	if !s.there {
		return nil, nil
	}
	src, err := s.open()
	if err != nil {
		return nil, err
	}
	defer src.Close()
	b, err := io.ReadAll(io.LimitReader(src, maxText+1))
	if err == nil && len(b) > maxText {
		err = errors.New("grew while it was read")
	}
	return b, err
}

func isBinary(b []byte) bool { return bytes.IndexByte(b[:min(len(b), binarySee)], 0) >= 0 }

// summary says how content differs that is not shown line by line; "" where it is.
func (c *comparison) summary() string {
	size := func(s *side) string {
		switch {
		case !s.there:
			return "nothing"
		case s.odd != "":
			return s.odd
		}
		return sizeText(s.size)
	}
	change := size(&c.from) + " to " + size(&c.to)
	switch {
	case c.from.odd != "" || c.to.odd != "":
		return change
	case c.binary:
		return "binary, " + change
	case c.large:
		return fmt.Sprintf("over %s, %s", sizeText(maxText), change)
	}
	return ""
}
