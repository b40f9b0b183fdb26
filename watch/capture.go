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
	smallFile    = 8 << 20 // read into memory whole up to here
	captureTries = 3       // of reading a file that changes meanwhile, in one run
	maxTornRuns  = 3       // after so many runs in a row it is stored as it was read
	doubtWindow  = 2 * time.Second
	pseudoLimit  = 1 << 20 // of a file that the kernel makes up
	pseudoTime   = 5 * time.Second
)

// content is a captured state: what the file held, with the state it had when it was opened.
type content struct {
	key      scan.Stat
	blob     object.ID
	size     int64
	link     bool
	torn     bool
	doubtful bool // to be looked at again next time
	pseudo   bool
	at       time.Time
}

// blobWriter is where content goes: a repo.Tx.
type blobWriter interface {
	Blob(body []byte, before object.ID) (object.ID, error)
	BlobFrom(size int64, src io.Reader, before object.ID) (object.ID, error)
}

// capturer reads sources. Its methods may be called by several goroutines at once.
type capturer struct {
	ctx     context.Context
	to      blobWriter
	clock   func() time.Time
	maxSize int64
}

var (
	errTorn     = errors.New("changed while it was read")
	errTooLarge = errors.New("larger than max-size")
	errEndless  = errors.New("gives no end of data")
)

// capture reads a source and stores its content. One that is not in the folder which is open since
// the source before is looked for by its path: the folder may have been removed and made again
// meanwhile.
func (c *capturer) capture(ch *scan.Change, o *opener) (content, error) {
	kept := o.has(&ch.File)
	got, err := c.captureFrom(o, ch)
	if kept && isSourceError(err) && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESTALE)) {
		o.close()
		got, err = c.captureFrom(o, ch)
	}
	return got, err
}

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

func (c *capturer) captureLink(src *source, before object.ID) (content, error) {
	target, k, err := src.readlink()
	if err != nil {
		return content{}, err
	}
	id, err := c.to.Blob([]byte(target), before)
	return c.noteDoubt(content{key: k, blob: id, size: int64(len(target)), link: true}), err
}

// captureOnce reads the source one time. asRead: whatever comes is stored, and marked as torn.
func (c *capturer) captureOnce(src *source, ch *scan.Change, asRead bool) (content, error) {
	f, k, err := src.open()
	if err != nil {
		return content{}, err
	}
	defer f.close()
	if c.maxSize > 0 && k.Size > c.maxSize {
		return content{}, errTooLarge
	}
	got := content{key: k, size: k.Size, pseudo: ch.File.Pseudo}
	switch {
	case ch.File.Pseudo:
		got.blob, got.size, err = c.readPseudo(f, ch.Before.Content())
	case k.Size <= smallFile:
		got.blob, got.size, err = c.readSmall(f, k, ch.Before.Content(), asRead)
	default:
		got.blob, err = c.readLarge(f, k, ch.Before, asRead)
	}
	got.torn = asRead
	return c.noteDoubt(got), err
}

// noteDoubt marks a state as doubtful when a change within the clock's resolution could hide behind
// it.
func (c *capturer) noteDoubt(got content) content {
	got.at = c.clock()
	for _, t := range []time.Time{got.key.Mtime(), got.key.Ctime()} {
		if d := got.at.Sub(t); d < doubtWindow && d > -doubtWindow {
			got.doubtful = true
		}
	}
	return got
}

func (c *capturer) readSmall(f *sourceFile, k scan.Stat, before object.ID, asRead bool) (object.ID, int64, error) {
	body := make([]byte, k.Size)
	n, err := io.ReadFull(f, body)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err == nil && !asRead {
		err = checkSteady(f, k, int64(n))
	}
	if err != nil {
		return object.ID{}, 0, asSourceError(err)
	}
	id, err := c.to.Blob(body[:n], before)
	return id, int64(n), err
}

// checkSteady tells whether a file is as it was opened after n bytes were read. Growth is no harm:
// the bytes up to the size at the opening are what was there, and the next run sees the rest.
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

// readLarge streams a file. One of the size that is known is only hashed at first: often nothing
// but its mtime changed.
func (c *capturer) readLarge(f *sourceFile, k scan.Stat, old *scan.SourceState, asRead bool) (object.ID, error) {
	if old != nil && !old.Deleted && !old.Stale && old.Size == k.Size && !old.Link {
		h := object.NewBlobHasher(k.Size)
		_, err := io.Copy(h, c.steadyReader(f, k, asRead))
		if err != nil {
			return object.ID{}, err
		}
		if id, err := h.ID(); err != nil || id == old.Blob {
			return id, err
		}
		if err := f.rewind(); err != nil {
			return object.ID{}, asSourceError(err)
		}
	}
	return c.to.BlobFrom(k.Size, c.steadyReader(f, k, asRead), old.Content())
}

// steadyReader gives a file's bytes up to its size at the opening, and fails at their end if it did
// not hold still.
func (c *capturer) steadyReader(f *sourceFile, k scan.Stat, asRead bool) io.Reader {
	return &fileReader{ctx: c.ctx, f: f, key: k, left: k.Size, asRead: asRead}
}

type fileReader struct {
	ctx    context.Context
	f      *sourceFile
	key    scan.Stat
	left   int64
	asRead bool
}

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
		err = checkSteady(r.f, r.key, r.key.Size)
	}
	return n, asSourceError(err)
}

// readPseudo reads what the kernel makes up: of no known size, so up to a limit in bytes and time.
func (c *capturer) readPseudo(f *sourceFile, before object.ID) (object.ID, int64, error) {
	type result struct {
		body []byte
		err  error
	}
	own, err := f.duplicate() // who reads without end outlives f
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
