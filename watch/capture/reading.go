package capture

import (
	"context"
	"errors"
	"hash/maphash"
	"io"
	"time"

	"timemachine/watch/disk"
)

// reading is one attempt to read a file's content, up to its size at the opening.
type reading struct {
	f      *sourceFile
	stat   disk.Stat // at the opening
	stamp  time.Time // just before the opening, by the clock that gives mtimes
	asRead bool      // store a file that changes meanwhile
	torn   bool      // the file did change, and asRead is set
	cut    int64     // so many bytes fewer are read than it had at the opening: it shrinks
	hash   maphash.Hash
	time   *stopwatch // of the source; nil: it may take any time
}

// reader returns a reader of the content from its beginning. At the end it checks that the file did
// not change, as end does.
func (r *reading) reader(ctx context.Context) io.Reader {
	r.hash.Reset()
	return &readingReader{section{ctx: ctx, f: r.f, left: r.size(), time: r.time}, r}
}

// size is the number of bytes to read.
func (r *reading) size() int64 { return r.stat.Size - r.cut }

// end checks that what was read was the content at one moment: n bytes, which r.hash has got. Else
// it returns errTorn, or with asRead sets torn.
func (r *reading) end(ctx context.Context, n int64) error {
	steady, err := r.isSteady(ctx, n)
	if err == nil && !steady {
		if !r.asRead {
			return ErrTorn
		}
		r.torn = true
	}
	return err
}

// isSteady tells whether the n bytes read were the content at one moment. Where the file grew, its
// stat does not show whether those bytes were overwritten too. It does not either where they were
// overwritten within one tick of the clock that gives mtimes. Then isSteady reads them again: if
// they are the same both times, they all were there at the moment between.
func (r *reading) isSteady(ctx context.Context, n int64) (bool, error) {
	after, err := disk.StatFD(r.f.fd)
	if err != nil {
		return false, err
	}
	grown := after.Size > r.stat.Size
	if n < r.stat.Size || after != r.stat && !grown {
		return false, nil
	}
	if !grown && !r.stat.Mtime().After(r.stamp.Add(-tick(&r.stat))) {
		return true, nil
	}
	var again maphash.Hash
	again.SetSeed(r.hash.Seed())
	same, err := io.Copy(&again, &section{ctx: ctx, f: r.f, left: n, time: r.time})
	return same == n && again.Sum64() == r.hash.Sum64(), err
}

// tick returns the time within which two changes can leave the same mtime.
func tick(st *disk.Stat) time.Duration {
	if st.MtimeNsec == 0 { // on file systems with whole seconds
		return doubtWindow
	}
	return kernelTick
}

// section reads an open file from its beginning up to a size, or to the file's end. The file's
// position does not matter.
//
// What lies in a hole is not read. A write to it meanwhile shows in the file's stat, as one to
// bytes that were read before.
type section struct {
	ctx      context.Context
	f        *sourceFile
	at, left int64
	holeEnd  int64 // what is before it lies in a hole
	asked    int64 // what is before it is no hole of askEvery bytes
	time     *stopwatch
	lastRead time.Time
}

// askEvery is how many bytes are read before the next question where a hole is, and how large one
// must be: in a file of many small holes each question would cost more than it saves.
const askEvery = 1 << 20

// Read reads the next bytes. Its errors are the context's and the source's.
func (s *section) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if s.left == 0 {
		return 0, io.EOF
	}
	if err := s.time.next(&s.lastRead); err != nil {
		return 0, asSourceError(err)
	}
	p = p[:min(int64(len(p)), s.left)]
	if n := s.inHole(); n > 0 {
		p = p[:min(int64(len(p)), n)]
		clear(p)
		s.at, s.left = s.at+int64(len(p)), s.left-int64(len(p))
		return len(p), nil
	}
	n, err := s.f.readAt(p, s.at)
	s.at, s.left = s.at+int64(n), s.left-int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = asSourceError(err)
	}
	return n, err
}

// inHole returns how many of the next bytes are known to lie in a hole.
func (s *section) inHole() int64 {
	if s.f.holes && s.at >= s.holeEnd && s.at >= s.asked {
		if s.holeEnd = disk.HoleEnd(s.f.fd, s.at); s.holeEnd < s.at+askEvery {
			s.holeEnd, s.asked = s.at, s.at+askEvery
		}
	}
	return s.holeEnd - s.at
}

// readingReader is the reader of a reading.
type readingReader struct {
	section
	of *reading
}

// Read fails with errTorn where the file ends early or changed. Then it gives no last bytes, since
// io.ReadFull would take them and drop the error.
func (r *readingReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := r.section.Read(p)
	r.of.hash.Write(p[:n])
	if errors.Is(err, io.EOF) {
		r.of.cut += r.left
		r.of.torn = r.of.asRead
		err = asSourceError(ErrTorn)
	}
	if err == nil && r.left == 0 {
		err = r.of.end(r.ctx, r.at)
		if err != nil {
			return 0, asSourceError(err)
		}
	}
	return n, err
}
