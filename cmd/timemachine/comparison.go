package main

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"iter"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/textdiff"
	"timemachine/watch/disk"
)

// binarySee is the number of bytes searched for a NUL, as git does.
const binarySee = 8000

// unreadError says that a file on disk cannot be read: it alone is not compared.
type unreadError struct{ error }

func (e *unreadError) Unwrap() error { return e.error }

// comparisons compares the pairs in order and yields those that differ. It names the files on disk
// that cannot be read, and stops at any other error.
func (d *diffJob) comparisons(pairs []pair) iter.Seq2[*render.Comparison, error] {
	return func(yield func(*render.Comparison, error) bool) {
		for i := range pairs {
			c, err := d.compare(&pairs[i])
			var unread *unreadError
			if len(pairs) > 1 && errors.As(err, &unread) {
				d.unread++
				d.app.console.Error(err.Error())
				continue
			}
			if err != nil || c != nil {
				if !yield(c, err) || err != nil {
					return
				}
			}
		}
	}
}

// compareTries is how often a file on disk is compared that changes or vanishes meanwhile.
const compareTries = 5

// compare finds the difference of a pair; nil if content, kind, mode, owner and attributes are
// equal. A file on disk that changes meanwhile is looked at again.
func (d *diffJob) compare(p *pair) (c *render.Comparison, err error) {
	for range compareTries {
		c, err = d.compareOnce(p)
		var foreign *disk.ForeignLinkError
		if errors.As(err, &foreign) {
			p.to.Odd = "behind a link of another user's: not followed"
			return d.compareOnce(p)
		}
		if err == nil || !d.live {
			break
		}
		if now, lerr := d.liveState(p.source, p.from); lerr == nil {
			p.to = now
		}
	}
	return c, err
}

func (d *diffJob) compareOnce(p *pair) (*render.Comparison, error) {
	c := &render.Comparison{Source: p.source, From: p.from.Side, To: p.to.Side}
	if p.from.Odd != "" || p.to.Odd != "" {
		c.Content = true
		return c, nil
	}
	equal, err := d.equal(p)
	if err = cmp.Or(p.to.unread, err); err != nil {
		return nil, &failure{msg: terminal.Quote(p.source) + ": " + durable.Reason(err), err: err}
	}
	if equal && p.from.Source == "" && p.from.There == p.to.There && p.from.Link == p.to.Link && p.from.Mode == p.to.Mode && p.from.Owner.Is(p.to.Owner) && render.SameXattrs(&c.From, &c.To) {
		return nil, nil
	}
	c.Content = !equal
	c.Large = c.Content && (p.from.Size > render.MaxText || p.to.Size > render.MaxText)
	if c.Content && !c.Large {
		err = p.compareLines(c)
	}
	return c, err
}

// equal tells whether both states have the same content. It does not hold content in memory.
func (d *diffJob) equal(p *pair) (bool, error) {
	switch {
	case (p.from.Folder || p.to.Folder) && p.from.There != p.to.There: // which has no content
		return true, nil
	case p.from.There != p.to.There, p.from.Link != p.to.Link:
		return false, nil
	case p.from.Folder: // both are
		return true, nil
	case !p.to.There: // neither is: a new file that is gone again
		return true, nil
	}
	if !p.from.blob.IsZero() && !p.to.blob.IsZero() {
		return p.from.blob == p.to.blob, nil
	}
	if p.from.Size != p.to.Size {
		return false, nil
	}
	src, err := p.to.open()
	if err != nil {
		return false, err
	}
	defer src.Close()
	hash := object.NewBlobHasher(p.to.Size)
	if _, err := io.Copy(hash, src); err != nil {
		return false, nil // the file has just changed its size
	}
	id, err := hash.ID()
	return err == nil && id == p.from.blob, nil
}

// compareLines compares the contents line by line, unless one of them is binary.
func (p *pair) compareLines(c *render.Comparison) error {
	old, err := p.from.text()
	if err != nil {
		return err
	}
	new, err := p.to.text()
	if err != nil {
		return err
	}
	if c.Binary = isBinary(old) || isBinary(new); c.Binary {
		return nil
	}
	c.Old, c.New = textdiff.Split(string(old)), textdiff.Split(string(new))
	c.Edits = textdiff.Lines(c.Old, c.New)
	for _, e := range c.Edits {
		c.Added += e.NewEnd - e.NewStart
		c.Removed += e.End - e.Start
	}
	return nil
}

// text reads the content of a file; nothing where there is no file.
func (s *fileState) text() ([]byte, error) {
	if !s.There {
		return nil, nil
	}
	src, err := s.open()
	if err != nil {
		return nil, err
	}
	defer src.Close()
	b, err := io.ReadAll(io.LimitReader(src, render.MaxText+1))
	if err == nil && len(b) > render.MaxText {
		err = errors.New("grew while it was read")
	}
	return b, err
}

func isBinary(b []byte) bool { return bytes.IndexByte(b[:min(len(b), binarySee)], 0) >= 0 }
