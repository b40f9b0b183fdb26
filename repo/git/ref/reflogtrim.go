package ref

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// A log is trimmed of entries over 90 days old, as git gc does, and of timemachine's entries of
// which later ones tell as much: of moves that follow each other one entry per joinSpan remains.
// The newest entries stay one by one.
const (
	keepLog    = 90 * 24 * time.Hour // gc.reflogExpire's default
	trimLog    = keepLog + 7*24*time.Hour
	exactLog   = 64 << 10     // bytes of entries that stay one by one: some 375
	longLog    = 2 * exactLog // shorter logs are not joined
	joinedLog  = 384 << 10    // bytes of older entries; more of them are joined over longer spans
	joinSpan   = time.Hour
	lineHead   = 8192 // enough of a log for four lines
	stagedName = "reflog"
)

// trim replaces a log by a shorter one where that is due. The caller holds the branch's lock. The
// log of HEAD also changes under HEAD's lock, so git's own entries are not lost; trim waits for no
// other process that holds it. A log is whole whether it was trimmed or not, so errors that leave
// it as it was do not count: a later move tries again.
func (s *Store) trim(dir *durable.Dir, name string, entry *LogEntry) {
	base := name[strings.LastIndexByte(name, '/')+1:]
	if !isTrimDue(dir, base, entry) {
		return
	}
	if name == headLog {
		lock, err := s.git.TakeLock("HEAD", s.stage, 0)
		if err != nil {
			return
		}
		defer lock.Abort()
	}
	st, err := dir.Lstat(base)
	if err != nil {
		return
	}
	b, err := dir.ReadFile(base, maxLog)
	if err != nil {
		return
	}
	if short := trimmed(string(b), entry); len(short) < len(b) {
		s.replaceLog(dir, base, short, fs.FileMode(st.Mode).Perm())
	}
}

// isTrimDue tells whether a log holds expired entries, a week's worth at least, or entries to be
// joined. It reads two places of the log. The second is where no entry is left that could be
// joined, unless as many again as stay one by one were added since the last time.
func isTrimDue(dir *durable.Dir, base string, entry *LogEntry) bool {
	f, err := dir.Open(base)
	if err != nil {
		return false
	}
	defer f.Close()
	if lines := linesAt(f, 0); len(lines) > 0 {
		if first, ok := parseLine(lines[0]); ok && entry.When.Sub(first.when) >= trimLog {
			return true
		}
	}
	st, err := f.Stat()
	if err != nil || st.Size() < longLog {
		return false
	}
	lines := linesAt(f, st.Size()-longLog)
	if len(lines) == 0 {
		return false
	}
	lines = lines[1:] // the first is cut
	return len(join(lines, joinSpan, entry.Join)) < len(strings.Join(lines, ""))
}

// linesAt reads the whole lines at an offset of a log, four at most.
func linesAt(f *os.File, offset int64) (lines []string) {
	head := make([]byte, lineHead)
	n, _ := f.ReadAt(head, offset)
	for line := range bytes.Lines(head[:n]) {
		if line[len(line)-1] != '\n' || len(lines) == 4 {
			break
		}
		lines = append(lines, string(line))
	}
	return lines
}

// trimmed is a log without what is expired when the entry is added, and with older entries joined.
// The last entry stays.
func trimmed(log string, entry *LogEntry) string {
	lines := slices.Collect(strings.Lines(log))
	for len(lines) > 1 {
		if l, ok := parseLine(lines[0]); !ok || entry.When.Sub(l.when) < keepLog {
			break
		}
		lines = lines[1:]
	}
	exact := len(lines)
	for size := 0; exact > 0 && size+len(lines[exact-1]) <= exactLog; exact-- {
		size += len(lines[exact-1])
	}
	for span := joinSpan; ; span *= 2 {
		older := join(lines[:exact], span, entry.Join)
		if len(older) <= joinedLog || span > keepLog {
			return older + strings.Join(lines[exact:], "")
		}
	}
}

// join joins the lines of each span for which messages returns a message, where the moves follow
// each other.
func join(lines []string, span time.Duration, messages func(older, newer string) string) string {
	var all strings.Builder
	var last logLine // is written once the next one is not joined to it
	for _, text := range lines {
		next, ok := parseLine(text)
		message := ""
		if messages != nil && ok && last.new == next.old && last.when.Truncate(span).Equal(next.when.Truncate(span)) {
			message = messages(last.message, next.message)
		}
		if message == "" {
			all.WriteString(last.text)
			last = next
			continue
		}
		next.old, next.message = last.old, message
		next.text = next.old + " " + next.new + " " + next.by + "\t" + message + "\n"
		last = next
	}
	all.WriteString(last.text)
	return all.String()
}

// logLine is a line of a log. Of one that is malformed there is only the text.
type logLine struct {
	text     string
	old, new string
	by       string // identity, seconds and time zone
	when     time.Time
	message  string
}

func parseLine(text string) (l logLine, ok bool) {
	l.text = text
	head, message, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\t")
	f := strings.SplitN(head, " ", 3)
	when, ok := logTime(text)
	if !ok || len(f) < 3 || !strings.HasSuffix(text, "\n") {
		return l, false
	}
	for _, id := range f[:2] {
		if _, err := object.ParseID(id); err != nil {
			return l, false
		}
	}
	return logLine{text: text, old: f[0], new: f[1], by: f[2], when: when, message: message}, true
}

// replaceLog puts a log on disk in the stage, and then in the place of the old one. After a crash
// the log is the old or the new one.
func (s *Store) replaceLog(dir *durable.Dir, base, text string, perm fs.FileMode) error {
	if err := s.stage.Remove(stagedName); err != nil {
		return err
	}
	f, err := s.stage.Create(stagedName)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Chmod(perm)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = s.stage.Rename(stagedName, dir, base)
	}
	if err != nil {
		return errors.Join(err, s.stage.Remove(stagedName))
	}
	return dir.Sync()
}
