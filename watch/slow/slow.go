// Package slow remembers the sources that take longer to read than a run spends on another user's
// large files, and for how long runs leave them alone.
package slow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/watch/scan"
)

// A source that takes longer to read than a run spends on another user's large files would take
// that time of each run. So it is tried again after a pause, which doubles each time.
const (
	// UserTime is how long a run reads large files of one user.
	UserTime   = 30 * time.Second
	firstPause = 2 * time.Minute
	lastPause  = 24 * time.Hour
)

// Source is such a source: when it was tried last, and is tried again.
type Source struct {
	next  int64 // seconds since 1970: when it is tried again
	pause int64 // seconds
	size  int64 // in bytes, when it was tried
}

// Sources are slow sources by their paths. They are kept in the file fileName of the state
// folder. Its lines are "NEXT PAUSE SIZE PATH", the fields of Source and a path quoted as in
// Go. The file is disposable.
type Sources map[string]Source

const (
	fileName = "slow"
	maxFile  = 16 << 20 // bytes of the file
)

// Read reads the slow sources that the state folder names. What cannot be read is left out.
func Read(state *durable.Dir) Sources {
	all := Sources{}
	b, _ := state.ReadFile(fileName, maxFile)
	for line := range strings.Lines(string(b)) {
		var s Source
		var path string
		if n, _ := fmt.Sscanf(line, "%d %d %d %q", &s.next, &s.pause, &s.size, &path); n == 4 {
			all[path] = s
		}
	}
	return all
}

// Save writes the slow sources to the state folder.
func (all Sources) Save(state *durable.Dir) error {
	if len(all) == 0 {
		return state.Remove(fileName)
	}
	var b []byte
	for _, path := range slices.Sorted(maps.Keys(all)) {
		s := all[path]
		b = fmt.Appendf(b, "%d %d %d %q\n", s.next, s.pause, s.size, path)
	}
	return state.Put(fileName, b)
}

// Add notes that a source has been tried, and was slow.
func (all Sources) Add(f *scan.File, now time.Time) Source {
	pause := firstPause
	if s, again := all[f.Path]; again {
		pause = max(firstPause, min(2*time.Duration(s.pause)*time.Second, lastPause))
	}
	s := Source{next: now.Add(pause).Unix(), pause: int64(pause / time.Second), size: f.Stat.Size}
	all[f.Path] = s
	return s
}

// IsPaused tells whether a source is left alone now. One that has shrunk to a half is not, nor is
// one whose pause is longer than any: the clock has gone back.
func (s *Source) IsPaused(f *scan.File, now time.Time) bool {
	left := time.Unix(s.next, 0).Sub(now)
	return left > 0 && left <= lastPause && f.Stat.Size > s.size/2
}

// Problem says why a source is not recorded now.
func (s *Source) Problem(path string, now time.Time) scan.Problem {
	return scan.Problem{Path: path, Remedy: refusal.Remedy{Kind: scan.RecordAlone, Path: path},
		Msg: fmt.Sprintf("takes longer to read than the %d s that a run spends on another user's large files: not recorded, tried again after %s",
			int(UserTime.Seconds()), time.Unix(s.next, 0).In(now.Location()).Format("2006-01-02 15:04"))}
}

// Unpaused leaves out of changes the slow sources that are not tried now, and reports them. still
// are the slow sources among the changes: others are no longer known as slow.
func (all Sources) Unpaused(changes []scan.Change, now time.Time, report func(scan.Problem)) (rest []scan.Change, still Sources) {
	still = Sources{}
	rest = slices.DeleteFunc(changes, func(ch scan.Change) bool {
		s, slow := all[ch.File.Path]
		if !slow || ch.Deleted {
			return false
		}
		still[ch.File.Path] = s
		if !s.IsPaused(ch.File, now) {
			return false
		}
		report(s.Problem(ch.File.Path, now))
		return true
	})
	return rest, still
}
