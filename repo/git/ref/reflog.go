package ref

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"timemachine/repo/git/object"
)

// LogEntry is what the reflog says of a move.
type LogEntry struct {
	Name, Email string
	When        time.Time
	Message     string // one line

	// Join returns the message of one entry in the place of two that follow each other in the log;
	// "" where one of the two is another program's. nil leaves all entries as they are.
	Join func(older, newer string) string
}

const (
	headLog = "logs/HEAD"
	maxLog  = 64 << 20
)

// LogError says which reflog could not be written.
type LogError struct {
	Name    string // below .git, of the log or of what is in its way
	Blocked bool   // something is in its way: no folder, or no regular file
	Err     error
}

func (e *LogError) Error() string { return e.Name + ": " + e.Err.Error() }
func (e *LogError) Unwrap() error { return e.Err }

func (e *LogEntry) line(old, id object.ID) string {
	return fmt.Sprintf("%s %s %s <%s> %d %s\t%s\n", old, id, e.Name, e.Email, e.When.Unix(), e.When.Format("-0700"), e.Message)
}

// log adds a line to the branch's log, and to the log of HEAD where HEAD names the branch. undo
// removes the lines. After a *LogError there is nothing to undo.
func (s *Store) log(name, line string, entry *LogEntry) (undo func() error, err error) {
	if entry.When.IsZero() {
		return func() error { return nil }, nil
	}
	names := []string{"logs/" + name}
	if s.Head() == name {
		names = append(names, headLog)
	}
	sizes := map[string]int64{}
	undo = func() (err error) {
		for name, size := range sizes {
			err = errors.Join(err, s.cutLog(name, size))
		}
		return err
	}
	for _, name := range names {
		size, err := s.appendLog(name, line, entry)
		if err != nil {
			at, blocked := s.inTheWay(name)
			return nil, errors.Join(&LogError{Name: at, Blocked: blocked, Err: err}, undo())
		}
		sizes[name] = size
	}
	return undo, nil
}

// inTheWay finds the first name on the way to a log that is no folder, or the log itself where it
// is no regular file.
func (s *Store) inTheWay(name string) (at string, blocked bool) {
	for i := range len(name) + 1 {
		if i < len(name) && name[i] != '/' {
			continue
		}
		folder, base := cut(name[:i])
		dir, err := s.folder(folder)
		if err != nil {
			break
		}
		st, err := dir.Lstat(base)
		dir.close()
		if err == nil && !st.IsDir() && i < len(name) || err == nil && !st.IsRegular() && i == len(name) {
			return name[:i], true
		}
	}
	return name, false
}

// appendLog trims a log and adds a line. It returns the log's size without the line.
func (s *Store) appendLog(name, line string, entry *LogEntry) (size int64, err error) {
	folder, base := cut(name)
	dir, err := s.makeFolder(folder)
	if err != nil {
		return 0, err
	}
	defer dir.close()
	s.trim(dir.Dir, name, entry)
	f, err := dir.Append(base)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if _, err := f.WriteString(line); err != nil {
		return 0, errors.Join(err, f.Truncate(st.Size))
	}
	return st.Size, nil
}

// cutLog cuts a log back to a size.
func (s *Store) cutLog(name string, size int64) error {
	folder, base := cut(name)
	dir, err := s.makeFolder(folder)
	if err != nil {
		return err
	}
	defer dir.close()
	f, err := dir.Append(base)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}

// logTime is the time of a line of a log.
func logTime(line string) (time.Time, bool) {
	line, _, _ = strings.Cut(line, "\t")
	f := strings.Fields(line[strings.LastIndexByte(line, '>')+1:])
	if len(f) != 2 {
		return time.Time{}, false
	}
	sec, err := strconv.ParseInt(f[0], 10, 64)
	return time.Unix(sec, 0), err == nil
}

// Logged lists the commits in a branch's reflog, newest first; none where there is no reflog.
func (s *Store) Logged(name string) ([]object.ID, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	b, err := s.readFile("logs/"+name, maxLog)
	if errors.Is(err, fs.ErrNotExist) || err != nil && s.IsFolder("logs/"+name) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []object.ID
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		if id, err := object.ParseID(f[1]); err == nil && !id.IsZero() {
			ids = append(ids, id)
		}
	}
	slices.Reverse(ids)
	return ids, nil
}
