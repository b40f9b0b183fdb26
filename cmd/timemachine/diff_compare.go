package main

import (
	"bytes"
	"errors"
	"io"
	"iter"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/textdiff"
)

// binarySee is how many bytes are looked at for a NUL, as git does.
const binarySee = 8000

// comparisons compares the pairs one after the other and yields those that differ, up to an error.
func (d *diffing) comparisons(pairs []pair) iter.Seq2[*comparison, error] {
	return func(yield func(*comparison, error) bool) {
		for i := range pairs {
			c, err := d.compare(&pairs[i])
			if err != nil || c != nil {
				if !yield(c, err) || err != nil {
					return
				}
			}
		}
	}
}

// compare finds out how a pair differs; nil where content, kind and mode are equal.
func (d *diffing) compare(p *pair) (*comparison, error) {
	c := &comparison{source: p.source, from: p.from.side, to: p.to.side}
	if p.from.odd != "" || p.to.odd != "" {
		c.content = true
		return c, nil
	}
	equal, err := d.equal(p)
	if err != nil {
		return nil, &failure{msg: quote(p.source) + ": " + durable.Reason(err), err: err}
	}
	if equal && p.from.there == p.to.there && p.from.link == p.to.link && p.from.mode == p.to.mode {
		return nil, nil
	}
	c.content = !equal
	c.large = c.content && (p.from.size > maxText || p.to.size > maxText)
	if c.content && !c.large {
		err = p.compareLines(c)
	}
	return c, err
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

// compareLines compares the content line by line, unless one of the two is binary.
func (p *pair) compareLines(c *comparison) error {
	old, err := p.from.text()
	if err != nil {
		return err
	}
	new, err := p.to.text()
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

// text reads a file's content; empty where there is no file.
func (s *fileState) text() ([]byte, error) {
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
