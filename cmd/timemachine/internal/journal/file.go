package journal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"
)

const (
	maxMegabytes = 10 // a log is rotated before it would pass this size
	keepOld      = 3
	bufferSize   = 64 << 10
	flushEach    = time.Second     // lines wait no longer than this during a run
	lockPatience = 2 * time.Second // for another process that writes the log
)

// File is the log of one process. It gathers lines and appends them in one write. It writes and
// rotates under a lock on the log's folder, so that no process writes into a file that another
// process moves away.
type File struct {
	mu      sync.Mutex
	Path    string
	check   func(path string) error // refuses a log that is not safe to write
	max     int64                   // bytes
	keep    int                     // older logs
	now     func() time.Time
	buf     bytes.Buffer
	flushed time.Time
	hurry   bool  // a lock was refused before: do not wait again
	err     error // the first failure; nothing is written after it
	rotator *lumberjack.Logger
}

func New(path string, check func(path string) error, now func() time.Time) *File {
	return &File{
		Path:    path,
		check:   check,
		max:     maxMegabytes << 20,
		now:     now,
		flushed: now(),
		keep:    keepOld,
		rotator: &lumberjack.Logger{Filename: path, MaxSize: maxMegabytes},
	}
}

// Write takes one line. A line of level WARN or above is in the file when Write returns; other
// lines follow within a second of a run.
func (j *File) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return len(line), nil
	}
	j.buf.Write(line)
	if j.buf.Len() >= bufferSize || urgent(line) || j.now().Sub(j.flushed) >= flushEach {
		j.flush()
	}
	return len(line), nil
}

// urgent tells whether a line of slog's text handler is of level WARN or above.
func urgent(line []byte) bool {
	_, rest, _ := bytes.Cut(line, []byte(" level="))
	return bytes.HasPrefix(rest, []byte("WARN")) || bytes.HasPrefix(rest, []byte("ERROR"))
}

// Close writes the lines that are left and returns the first failure of all writes. A missing
// folder is no failure: it would hold the configuration, too, and that has been reported.
func (j *File) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flush()
	if errors.Is(j.err, fs.ErrNotExist) {
		return nil
	}
	return j.err
}

// Flush writes the lines that are left.
func (j *File) Flush() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.flush()
}

func (j *File) flush() {
	if j.buf.Len() == 0 || j.err != nil {
		return
	}
	j.err = j.write(j.buf.Bytes())
	j.buf.Reset()
	j.flushed = j.now()
}

// write appends lines to the log under the lock, and rotates the log before if they do not fit.
// Another process may hold the lock for ever, or the file system may have no locks. The lines are
// then appended without it, and the log is not rotated.
func (j *File) write(lines []byte) error {
	unlock, locked, err := lockFolder(filepath.Dir(j.Path), j.patience())
	if err != nil {
		return err
	}
	defer unlock()
	j.hurry = j.hurry || !locked
	size, err := j.prepare()
	if err != nil {
		return err
	}
	if !locked {
		return appendTo(j.Path, lines)
	}
	if size+int64(len(lines)) >= j.max {
		if err := j.rotate(); err != nil {
			return err
		}
	}
	_, err = j.rotator.Write(lines)
	return errors.Join(err, j.rotator.Close())
}

// rotate moves the log aside and removes the oldest logs. Lumberjack would remove them in the
// background, and a short run would end before that.
func (j *File) rotate() error {
	if err := j.rotator.Rotate(); err != nil {
		return err
	}
	old := Rotated(j.Path)
	for len(old) > j.keep {
		if err := os.Remove(old[0]); err != nil {
			return err
		}
		old = old[1:]
	}
	return nil
}

func (j *File) patience() time.Duration {
	if j.hurry {
		return 0
	}
	return lockPatience
}

// prepare creates a missing log and refuses one that is not safe to write. It returns the size of
// the log in bytes.
func (j *File) prepare() (int64, error) {
	f, err := os.OpenFile(j.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|openFlags, 0o600)
	if err != nil {
		return 0, j.openError(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, errors.New("not a regular file")
	}
	return info.Size(), j.check(j.Path)
}

// openError says what a link is: the system reports too many links.
func (j *File) openError(err error) error {
	if info, lerr := os.Lstat(j.Path); lerr == nil && !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	return err
}

func appendTo(path string, lines []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|openFlags, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(lines)
	return errors.Join(err, f.Close())
}
