// Package capture reads sources, so that what it stores was the content at one moment.
//
// It opens a source without waiting and without following a link that was not named, and looks at
// it again after the reading. A source that the owner of the destination may not read is refused.
package capture

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/watch/cache"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

const (
	SmallFile    = 8 << 20 // bytes; up to this size a file is read into memory
	IgnoredFile  = 1 << 20 // bytes; up to this size lines of a file may be ignored
	captureTries = 3       // attempts in one run to read a file that changes
	MaxTornRuns  = 3       // the last of so many torn runs stores the file as read
	pseudoLimit  = 1 << 20 // bytes of a file on a file system like /proc
	pseudoTime   = 5 * time.Second
)

const (
	kernelTick  = 20 * time.Millisecond      // of the clock that the kernel takes mtimes from
	doubtWindow = 2*time.Second + kernelTick // the coarsest clock of a file system is FAT's
	farFuture   = 24 * time.Hour             // no file server's clock is so far ahead
)

// Content is a captured source: the stat that it had when it was opened, its attributes, and its
// stored content. A folder has none.
type Content struct {
	Stat     disk.Stat
	Blob     object.ID
	Size     int64
	Link     bool
	Folder   bool
	Xattrs   []record.Xattr
	Links    uint64    // number of names that the file has
	Torn     bool      // changed while it was read
	Doubtful bool      // the next run reads the source again
	Pseudo   bool      // on a file system like /proc
	Followed bool      // a listed link was followed
	Ignored  bool      // only what Capturer.Ignores ignores has changed: Blob is that of before
	At       time.Time // just before the source was opened
}

// BlobWriter stores content. A repo.Tx is one.
type BlobWriter interface {
	Blob(body []byte, before object.ID) (object.ID, error)
	BlobFrom(size int64, src io.Reader, before object.ID) (object.ID, error)
}

// Capturer captures sources. Several goroutines may use it at once.
type Capturer struct {
	Ctx     context.Context
	To      BlobWriter
	Clock   func() time.Time
	MaxSize int64      // bytes; 0: no limit
	Reader  DestReader // who must be able to read what is stored

	KeepsXattr func(name string) bool // which attributes are captured; nil: all

	// Ignores tells whether a file of up to IgnoredFile bytes need not be stored, since it differs
	// from the content before in nothing that counts. nil: never.
	Ignores func(path string, body []byte, before object.ID) bool

	Patience *Patience // with large sources of other users; nil: without end

	without sync.Map // fileKinds that have no attributes
}

var (
	ErrTorn     = errors.New("changed while it was read")
	ErrTooLarge = errors.New("larger than max-size")
	errEndless  = errors.New("gives no end of data")
)

// Capture reads a source and stores its content. A source that is missing below its open root is
// opened by its path again, since the folder may have been removed and made anew.
func (c *Capturer) Capture(ch *scan.Change, o *Opener) (Content, error) {
	kept := !ch.File.Listed && o.root == ch.File.Entry.Root
	got, err := c.captureFrom(o, ch)
	if kept && IsSourceError(err) && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESTALE)) {
		o.Close()
		got, err = c.captureFrom(o, ch)
	}
	return got, err
}

// Check opens a source, and reads its attributes but no content of a file. Its errors are those of
// capture. A link's target goes to c.To.
func (c *Capturer) Check(f *scan.File, o *Opener) ([]record.Xattr, error) {
	if c.Reader.user == nil && f.Pseudo {
		return nil, nil
	}
	if c.MaxSize > 0 && f.Stat.IsRegular() && f.Stat.Size > c.MaxSize {
		return nil, asSourceError(ErrTooLarge)
	}
	src, err := o.open(f)
	if err != nil {
		return nil, err
	}
	switch {
	case f.Stat.IsDir():
		got, err := c.captureFolder(&src)
		return got.Xattrs, err
	case f.Stat.IsLink():
		got, err := c.captureLink(&src, object.ID{})
		return got.Xattrs, err
	}
	opened, st, err := src.open()
	if err != nil {
		return nil, err
	}
	defer opened.close()
	if err := c.Reader.check(&src, src.listed, &st); err != nil || f.Pseudo {
		return nil, err
	}
	return c.attributes(&st, true, ofFD(opened.fd))
}

// captureFrom reads a source up to captureTries times, until it does not change meanwhile. After
// enough torn runs in a row, it stores the source as read.
func (c *Capturer) captureFrom(o *Opener, ch *scan.Change) (Content, error) {
	src, err := o.open(ch.File)
	if err != nil {
		return Content{}, err
	}
	for range captureTries {
		var got Content
		switch {
		case ch.File.Stat.IsDir():
			got, err = c.captureFolder(&src)
		case ch.File.Stat.IsLink():
			got, err = c.captureLink(&src, ch.Before.Content())
		default:
			got, err = c.captureOnce(&src, ch, false)
		}
		if !errors.Is(err, ErrTorn) {
			return got, err
		}
	}
	if ch.File.Stat.IsRegular() && ch.Before != nil && int(ch.Before.TornRuns)+1 >= MaxTornRuns {
		return c.captureOnce(&src, ch, true)
	}
	return Content{}, err
}

// captureLink stores the target of a source that is a link.
func (c *Capturer) captureLink(src *source, before object.ID) (Content, error) {
	at := c.Clock()
	got := Content{Link: true, At: at}
	target, err := src.readlink(&got, func(st *disk.Stat) error {
		err := c.Reader.check(src, false, st)
		if err == nil {
			got.Xattrs, err = c.attributes(st, true, src.ofName())
		}
		return err
	})
	if err != nil {
		return Content{}, err
	}
	got.Size, got.Doubtful = int64(len(target)), inDoubt(&got.Stat, at)
	got.Blob, err = c.To.Blob([]byte(target), before)
	return got, err
}

// captureOnce reads a source once. With asRead it stores a source that changes meanwhile, and marks
// it as torn.
func (c *Capturer) captureOnce(src *source, ch *scan.Change, asRead bool) (Content, error) {
	at, stamp := c.Clock(), disk.StampTime()
	f, st, err := src.open()
	if err != nil {
		return Content{}, err
	}
	defer f.close()
	if err := c.Reader.check(src, src.listed, &st); err != nil {
		return Content{}, err
	}
	if c.MaxSize > 0 && st.Size > c.MaxSize {
		return Content{}, ErrTooLarge
	}
	got := Content{Stat: st, Links: f.links, Size: st.Size, Pseudo: ch.File.Pseudo, At: at, Doubtful: inDoubt(&st, at)}
	if !ch.File.Pseudo { // a change of them before the end of the reading makes it torn
		if got.Xattrs, err = c.attributes(&st, true, ofFD(f.fd)); err != nil {
			return Content{}, err
		}
	}
	r := reading{f: f, stat: st, stamp: stamp, asRead: asRead}
	switch {
	case ch.File.Pseudo:
		got.Blob, got.Size, err = c.readPseudo(f, ch.Before.Content())
	case st.Size <= SmallFile:
		ignores := func(body []byte) bool {
			return c.Ignores != nil && len(body) <= IgnoredFile && !r.torn && IsSameBut(ch.Before, &got) && c.Ignores(ch.File.Path, body, ch.Before.Content())
		}
		got.Blob, got.Size, got.Ignored, err = c.readSmall(&r, ch.Before.Content(), ignores)
	default:
		f.holes = disk.TellsHoles(f.fd)
		src.time.watchOwner(c, st.UID)
		r.time = &src.time
		got.Blob, err = c.readLarge(&r, ch.Before)
		got.Size = r.size()
	}
	got.Torn, got.Followed = r.torn, src.isLink()
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

// IsSameBut tells whether a file is, but for content and times, what its newest version says.
func IsSameBut(before *cache.State, got *Content) bool {
	return before != nil && !before.Deleted && !before.Stale && !before.Link && !before.Folder && before.Mode == got.Stat.Mode&0o7777 &&
		before.UID == got.Stat.UID && before.GID == got.Stat.GID && before.XattrSum == cache.SumXattrs(got.Xattrs)
}

// readSmall reads a file into memory and stores it, unless its change is ignored. It returns the
// bytes read.
func (c *Capturer) readSmall(r *reading, before object.ID, ignores func(body []byte) bool) (id object.ID, size int64, ignored bool, err error) {
	body := make([]byte, r.stat.Size)
	n, err := io.ReadFull(r.f, body)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err == nil {
		r.hash.Write(body[:n])
		err = r.end(c.Ctx, int64(n))
	}
	if err != nil {
		return object.ID{}, 0, false, asSourceError(err)
	}
	if ignores(body[:n]) {
		return before, int64(n), true, nil
	}
	id, err = c.To.Blob(body[:n], before)
	return id, int64(n), false, err
}

// readLarge streams a file. Where the size has not changed, it hashes the file first, since often
// only the mtime changed. A file that is stored as read and ends early is read again as far as it
// went, then half as far, and so on.
func (c *Capturer) readLarge(r *reading, before *cache.State) (object.ID, error) {
	if before != nil && !r.asRead && !before.Deleted && !before.Stale && before.Size == r.stat.Size && !before.Link {
		h := object.NewBlobHasher(r.stat.Size)
		_, err := io.Copy(h, r.reader(c.Ctx))
		if err != nil {
			return object.ID{}, err
		}
		if id, err := h.ID(); err != nil || id == before.Blob {
			return id, err
		}
	}
	for try := 0; ; try++ {
		id, err := c.To.BlobFrom(r.size(), r.reader(c.Ctx), before.Content())
		if !r.asRead || !errors.Is(err, ErrTorn) {
			return id, err
		}
		if try > 0 {
			r.cut += r.size() / 2
		}
	}
}

// readPseudo reads a file on a file system like /proc. Its size is unknown, so a limit in bytes and
// time holds.
func (c *Capturer) readPseudo(f *sourceFile, before object.ID) (object.ID, int64, error) {
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
			r.err = ErrTooLarge
		}
		if r.err != nil {
			return object.ID{}, 0, asSourceError(r.err)
		}
		id, err := c.To.Blob(r.body, before)
		return id, int64(len(r.body)), err
	case <-time.After(pseudoTime):
		return object.ID{}, 0, asSourceError(errEndless)
	case <-c.Ctx.Done():
		return object.ID{}, 0, c.Ctx.Err()
	}
}

// TooLarge says of a source that max-size leaves it out.
func TooLarge(maxSize int64) string {
	return "is larger than max-size (" + limitText(maxSize) + "): skipped"
}

// limitText writes a number of bytes as a configuration does: with the largest unit that needs no
// fraction.
func limitText(n int64) string {
	for i, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if size := int64(1) << (40 - 10*i); n > 0 && n%size == 0 {
			return strconv.FormatInt(n/size, 10) + unit
		}
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
