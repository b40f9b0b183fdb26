package watch

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/git/object"
	"timemachine/watch/scan"
)

const (
	smallFile    = 8 << 20         // bytes; up to this size a file is read into memory
	captureTries = 3               // attempts in one run to read a file that changes
	maxTornRuns  = 3               // the last of so many torn runs stores the file as read
	doubtWindow  = 2 * time.Second // the coarsest clock of a file system
	pseudoLimit  = 1 << 20         // bytes of a file on a file system like /proc
	pseudoTime   = 5 * time.Second
)

// content is a captured source: the stat that it had when it was opened, and its stored content.
type content struct {
	stat     scan.Stat
	blob     object.ID
	size     int64
	link     bool
	torn     bool      // changed while it was read
	doubtful bool      // the next run reads the source again
	pseudo   bool      // on a file system like /proc
	at       time.Time // of the capture
}

// blobWriter stores content. A repo.Tx is one.
type blobWriter interface {
	Blob(body []byte, before object.ID) (object.ID, error)
	BlobFrom(size int64, src io.Reader, before object.ID) (object.ID, error)
}

// capturer captures sources. Several goroutines may use it at once.
type capturer struct {
	ctx     context.Context
	to      blobWriter
	clock   func() time.Time
	maxSize int64 // bytes; 0: no limit
}

var (
	errTorn     = errors.New("changed while it was read")
	errTooLarge = errors.New("larger than max-size")
	errEndless  = errors.New("gives no end of data")
)

// capture reads a source and stores its content. A source that is missing in its open folder is
// opened by its path again, since the folder may have been removed and made anew.
func (c *capturer) capture(ch *scan.Change, o *opener) (content, error) {
	kept := o.has(&ch.File)
	got, err := c.captureFrom(o, ch)
	if kept && isSourceError(err) && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESTALE)) {
		o.close()
		got, err = c.captureFrom(o, ch)
	}
	return got, err
}

// captureFrom reads a source up to captureTries times, until it does not change meanwhile. After
// enough torn runs in a row, it stores the source as read.
func (c *capturer) captureFrom(o *opener, ch *scan.Change) (content, error) {
	src, err := o.open(&ch.File)
	if err != nil {
		return content{}, err
	}
	if ch.File.Stat.IsLink() {
		return c.captureLink(&src, ch.Before.Content())
	}
	for range captureTries {
		var got content
		got, err = c.captureOnce(&src, ch, false)
		if !errors.Is(err, errTorn) {
			return got, err
		}
	}
	if ch.Before != nil && int(ch.Before.TornRuns)+1 >= maxTornRuns {
		return c.captureOnce(&src, ch, true)
	}
	return content{}, err
}

// captureLink stores the target of a source that is a link.
func (c *capturer) captureLink(src *source, before object.ID) (content, error) {
	target, st, err := src.readlink()
	if err != nil {
		return content{}, err
	}
	id, err := c.to.Blob([]byte(target), before)
	return c.noteDoubt(content{stat: st, blob: id, size: int64(len(target)), link: true}), err
}

// captureOnce reads a source once. With asRead it stores a source that changes meanwhile, and marks
// it as torn.
func (c *capturer) captureOnce(src *source, ch *scan.Change, asRead bool) (content, error) {
	f, st, err := src.open()
	if err != nil {
		return content{}, err
	}
	defer f.close()
	if c.maxSize > 0 && st.Size > c.maxSize {
		return content{}, errTooLarge
	}
	got := content{stat: st, size: st.Size, pseudo: ch.File.Pseudo}
	switch {
	case ch.File.Pseudo:
		got.blob, got.size, err = c.readPseudo(f, ch.Before.Content())
	case st.Size <= smallFile:
		got.blob, got.size, err = c.readSmall(f, st, ch.Before.Content(), asRead)
	default:
		got.blob, err = c.readLarge(f, st, ch.Before, asRead)
	}
	got.torn = asRead
	return c.noteDoubt(got), err
}

// noteDoubt marks content as doubtful where a later change could have the same stat, within the
// resolution of the file system's clock.
func (c *capturer) noteDoubt(got content) content {
	got.at = c.clock()
	for _, t := range []time.Time{got.stat.Mtime(), got.stat.Ctime()} {
		if d := got.at.Sub(t); d < doubtWindow && d > -doubtWindow {
			got.doubtful = true
		}
	}
	return got
}

// readSmall reads a file into memory and stores it. It returns the bytes read.
func (c *capturer) readSmall(f *sourceFile, st scan.Stat, before object.ID, asRead bool) (object.ID, int64, error) {
	body := make([]byte, st.Size)
	n, err := io.ReadFull(f, body)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err == nil && !asRead {
		err = checkSteady(f, st, int64(n))
	}
	if err != nil {
		return object.ID{}, 0, asSourceError(err)
	}
	id, err := c.to.Blob(body[:n], before)
	return id, int64(n), err
}

// checkSteady returns errTorn where a file changed after it was opened. n bytes were read. A file
// that only grew is fine: the run records the size at the opening, and the next run sees the rest.
func checkSteady(f *sourceFile, before scan.Stat, n int64) error {
	after, err := scan.StatFD(f.fd)
	if err != nil {
		return err
	}
	if n < before.Size || after != before && after.Size <= before.Size {
		return errTorn
	}
	return nil
}

// readLarge streams a file. Where the size has not changed, it hashes the file first, since often
// only the mtime changed.
func (c *capturer) readLarge(f *sourceFile, st scan.Stat, before *scan.SourceState, asRead bool) (object.ID, error) {
	if before != nil && !before.Deleted && !before.Stale && before.Size == st.Size && !before.Link {
		h := object.NewBlobHasher(st.Size)
		_, err := io.Copy(h, c.steadyReader(f, st, asRead))
		if err != nil {
			return object.ID{}, err
		}
		if id, err := h.ID(); err != nil || id == before.Blob {
			return id, err
		}
		if err := f.rewind(); err != nil {
			return object.ID{}, asSourceError(err)
		}
	}
	return c.to.BlobFrom(st.Size, c.steadyReader(f, st, asRead), before.Content())
}

// steadyReader returns a reader of the file up to its size at the opening. It gives errTorn at the
// end where the file changed, unless asRead is set.
func (c *capturer) steadyReader(f *sourceFile, st scan.Stat, asRead bool) io.Reader {
	return &fileReader{ctx: c.ctx, f: f, stat: st, left: st.Size, asRead: asRead}
}

// fileReader reads a file up to the size in stat.
type fileReader struct {
	ctx    context.Context
	f      *sourceFile
	stat   scan.Stat
	left   int64
	asRead bool
}

// Read fails with errTorn where the file ends early or changed.
func (r *fileReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.f.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if errors.Is(err, io.EOF) {
		return n, errTorn
	}
	if err == nil && r.left == 0 && !r.asRead {
		err = checkSteady(r.f, r.stat, r.stat.Size)
	}
	return n, asSourceError(err)
}

// readPseudo reads a file on a file system like /proc. Its size is unknown, so a limit in bytes and
// time holds.
func (c *capturer) readPseudo(f *sourceFile, before object.ID) (object.ID, int64, error) {
	type result struct {
		body []byte
		err  error
	}
	own, err := f.duplicate() // an endless read outlives f
	if err != nil {
		return object.ID{}, 0, asSourceError(err)
	}
	done := make(chan result, 1)
	go func() {
		defer own.close()
		body, err := io.ReadAll(io.LimitReader(own, pseudoLimit+1))
		done <- result{body, err}
	}()
	select {
	case r := <-done:
		if r.err == nil && len(r.body) > pseudoLimit {
			r.err = errTooLarge
		}
		if r.err != nil {
			return object.ID{}, 0, asSourceError(r.err)
		}
		id, err := c.to.Blob(r.body, before)
		return id, int64(len(r.body)), err
	case <-time.After(pseudoTime):
		return object.ID{}, 0, asSourceError(errEndless)
	case <-c.ctx.Done():
		return object.ID{}, 0, c.ctx.Err()
	}
}
