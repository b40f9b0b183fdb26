package watch

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/git/object"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

const (
	smallFile    = 8 << 20 // bytes; up to this size a file is read into memory
	captureTries = 3       // attempts in one run to read a file that changes
	maxTornRuns  = 3       // the last of so many torn runs stores the file as read
	pseudoLimit  = 1 << 20 // bytes of a file on a file system like /proc
	pseudoTime   = 5 * time.Second
)

const (
	kernelTick  = 20 * time.Millisecond      // of the clock that the kernel takes mtimes from
	doubtWindow = 2*time.Second + kernelTick // the coarsest clock of a file system is FAT's
	farFuture   = 24 * time.Hour             // no file server's clock is so far ahead
)

// content is a captured source: the stat that it had when it was opened, and its stored content.
type content struct {
	stat     disk.Stat
	blob     object.ID
	size     int64
	link     bool
	torn     bool      // changed while it was read
	doubtful bool      // the next run reads the source again
	pseudo   bool      // on a file system like /proc
	followed bool      // a listed link was followed
	at       time.Time // just before the source was opened
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
	reader  destReader
}

var (
	errTorn     = errors.New("changed while it was read")
	errTooLarge = errors.New("larger than max-size")
	errEndless  = errors.New("gives no end of data")
)

// capture reads a source and stores its content. A source that is missing below its open root is
// opened by its path again, since the folder may have been removed and made anew.
func (c *capturer) capture(ch *scan.Change, o *opener) (content, error) {
	kept := !ch.File.Listed && o.root == ch.File.Entry.Root
	got, err := c.captureFrom(o, ch)
	if kept && isSourceError(err) && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESTALE)) {
		o.close()
		got, err = c.captureFrom(o, ch)
	}
	return got, err
}

// check opens a source and reads nothing. Its errors are those of capture.
func (c *capturer) check(f *scan.File, o *opener) error {
	if c.reader.user == nil && (f.Pseudo || f.Stat.IsLink()) {
		return nil
	}
	if c.maxSize > 0 && f.Stat.Size > c.maxSize {
		return asSourceError(errTooLarge)
	}
	src, err := o.open(f)
	if err != nil {
		return err
	}
	if f.Stat.IsLink() {
		return c.reader.check(&src, false, &f.Stat)
	}
	opened, st, err := src.open()
	if err != nil {
		return err
	}
	defer opened.close()
	return c.reader.check(&src, src.listed, &st)
}

// captureFrom reads a source up to captureTries times, until it does not change meanwhile. After
// enough torn runs in a row, it stores the source as read.
func (c *capturer) captureFrom(o *opener, ch *scan.Change) (content, error) {
	src, err := o.open(&ch.File)
	if err != nil {
		return content{}, err
	}
	for range captureTries {
		var got content
		if ch.File.Stat.IsLink() {
			got, err = c.captureLink(&src, ch.Before.Content())
		} else {
			got, err = c.captureOnce(&src, ch, false)
		}
		if !errors.Is(err, errTorn) {
			return got, err
		}
	}
	if !ch.File.Stat.IsLink() && ch.Before != nil && int(ch.Before.TornRuns)+1 >= maxTornRuns {
		return c.captureOnce(&src, ch, true)
	}
	return content{}, err
}

// captureLink stores the target of a source that is a link.
func (c *capturer) captureLink(src *source, before object.ID) (content, error) {
	at := c.clock()
	target, st, err := src.readlink()
	if err != nil {
		return content{}, err
	}
	if err := c.reader.check(src, false, &st); err != nil {
		return content{}, err
	}
	id, err := c.to.Blob([]byte(target), before)
	return content{stat: st, blob: id, size: int64(len(target)), link: true, at: at, doubtful: inDoubt(&st, at)}, err
}

// captureOnce reads a source once. With asRead it stores a source that changes meanwhile, and marks
// it as torn.
func (c *capturer) captureOnce(src *source, ch *scan.Change, asRead bool) (content, error) {
	at, stamp := c.clock(), disk.StampTime()
	f, st, err := src.open()
	if err != nil {
		return content{}, err
	}
	defer f.close()
	if err := c.reader.check(src, src.listed, &st); err != nil {
		return content{}, err
	}
	if c.maxSize > 0 && st.Size > c.maxSize {
		return content{}, errTooLarge
	}
	got := content{stat: st, size: st.Size, pseudo: ch.File.Pseudo, at: at, doubtful: inDoubt(&st, at)}
	r := reading{f: f, stat: st, stamp: stamp, asRead: asRead}
	switch {
	case ch.File.Pseudo:
		got.blob, got.size, err = c.readPseudo(f, ch.Before.Content())
	case st.Size <= smallFile:
		got.blob, got.size, err = c.readSmall(&r, ch.Before.Content())
	default:
		got.blob, err = c.readLarge(&r, ch.Before)
		got.size = r.size()
	}
	got.torn, got.followed = r.torn, src.isLink()
	return got, err
}

// inDoubt tells whether a change after the moment at could leave a source with the same stat. Both
// times count, and a file server's clock can be ahead of this machine's. A time far in the future
// was set by hand, or by a clock that was wrong: a later change leaves another.
func inDoubt(st *disk.Stat, at time.Time) bool {
	for _, t := range []time.Time{st.Mtime(), st.Ctime()} {
		if t.After(at.Add(-doubtWindow)) && t.Before(at.Add(farFuture)) {
			return true
		}
	}
	return false
}

// readSmall reads a file into memory and stores it. It returns the bytes read.
func (c *capturer) readSmall(r *reading, before object.ID) (object.ID, int64, error) {
	body := make([]byte, r.stat.Size)
	n, err := io.ReadFull(r.f, body)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err == nil {
		r.hash.Write(body[:n])
		err = r.end(c.ctx, int64(n))
	}
	if err != nil {
		return object.ID{}, 0, asSourceError(err)
	}
	id, err := c.to.Blob(body[:n], before)
	return id, int64(n), err
}

// readLarge streams a file. Where the size has not changed, it hashes the file first, since often
// only the mtime changed. A file that is stored as read and ends early is read again as far as it
// went, then half as far, and so on.
func (c *capturer) readLarge(r *reading, before *scan.SourceState) (object.ID, error) {
	if before != nil && !r.asRead && !before.Deleted && !before.Stale && before.Size == r.stat.Size && !before.Link {
		h := object.NewBlobHasher(r.stat.Size)
		_, err := io.Copy(h, r.reader(c.ctx))
		if err != nil {
			return object.ID{}, err
		}
		if id, err := h.ID(); err != nil || id == before.Blob {
			return id, err
		}
	}
	for try := 0; ; try++ {
		id, err := c.to.BlobFrom(r.size(), r.reader(c.ctx), before.Content())
		if !r.asRead || !errors.Is(err, errTorn) {
			return id, err
		}
		if try > 0 {
			r.cut += r.size() / 2
		}
	}
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
