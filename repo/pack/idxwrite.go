package pack

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// WriteIdx writes the finished pack's idx (version 2) to out. Syncing and naming it stay with the caller.
func (w *Writer) WriteIdx(out io.Writer) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.done {
		return errors.New("idx of an unfinished pack")
	}
	idx := new(idxfile.Writer)
	if err := idx.OnHeader(uint32(len(w.entries))); err != nil {
		return err
	}
	for _, e := range w.entries {
		idx.Add(plumbing.Hash(e.id), uint64(e.offset), e.crc)
	}
	if err := idx.OnFooter(plumbing.Hash(w.sum)); err != nil {
		return err
	}
	list, err := idx.Index()
	if err != nil {
		return err
	}
	buf := bufio.NewWriterSize(out, 256<<10)
	if _, err := idxfile.NewEncoder(buf).Encode(list); err != nil {
		return fmt.Errorf("write idx of %q: %w", w.f.Name(), err)
	}
	if err := buf.Flush(); err != nil {
		return fmt.Errorf("write idx of %q: %w", w.f.Name(), err)
	}
	return nil
}
