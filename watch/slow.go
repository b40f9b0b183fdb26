package watch

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
	userTime   = 30 * time.Second // for the large files of one user in a run
	firstPause = 2 * time.Minute
	lastPause  = 24 * time.Hour
)

// slowSource is such a source.
type slowSource struct {
	next  int64 // seconds since 1970: when it is tried again
	pause int64 // seconds
	size  int64 // in bytes, when it was tried
}

// slowSources are slow sources by their paths. They are kept in the file slowName of the state
// folder. Its lines are "NEXT PAUSE SIZE PATH", the fields of slowSource and a path quoted as in
// Go. The file is disposable.
type slowSources map[string]slowSource

const (
	slowName = "slow"
	maxSlow  = 16 << 20 // bytes of the file
)

// readSlow reads the slow sources that the state folder names. What cannot be read is left out.
func readSlow(state *durable.Dir) slowSources {
	all := slowSources{}
	b, _ := state.ReadFile(slowName, maxSlow)
	for line := range strings.Lines(string(b)) {
		var s slowSource
		var path string
		if n, _ := fmt.Sscanf(line, "%d %d %d %q", &s.next, &s.pause, &s.size, &path); n == 4 {
			all[path] = s
		}
	}
	return all
}

// write writes the slow sources to the state folder.
func (all slowSources) write(state *durable.Dir) error {
	if len(all) == 0 {
		return state.Remove(slowName)
	}
	var b []byte
	for _, path := range slices.Sorted(maps.Keys(all)) {
		s := all[path]
		b = fmt.Appendf(b, "%d %d %d %q\n", s.next, s.pause, s.size, path)
	}
	return state.Put(slowName, b)
}

// add notes that a source has been tried, and was slow.
func (all slowSources) add(f *scan.File, now time.Time) slowSource {
	pause := firstPause
	if s, again := all[f.Path]; again {
		pause = max(firstPause, min(2*time.Duration(s.pause)*time.Second, lastPause))
	}
	s := slowSource{next: now.Add(pause).Unix(), pause: int64(pause / time.Second), size: f.Stat.Size}
	all[f.Path] = s
	return s
}

// isPaused tells whether a source is left alone now. One that has shrunk to a half is not, nor is
// one whose pause is longer than any: the clock has gone back.
func (s *slowSource) isPaused(f *scan.File, now time.Time) bool {
	left := time.Unix(s.next, 0).Sub(now)
	return left > 0 && left <= lastPause && f.Stat.Size > s.size/2
}

// problem says why a source is not recorded now.
func (s *slowSource) problem(path string, now time.Time) scan.Problem {
	return scan.Problem{Path: path, Remedy: refusal.Remedy{Kind: scan.RecordAlone, Path: path},
		Msg: fmt.Sprintf("takes longer to read than the %d s that a run spends on another user's large files: not recorded, tried again after %s",
			int(userTime.Seconds()), time.Unix(s.next, 0).In(now.Location()).Format("2006-01-02 15:04"))}
}

// withoutPaused leaves out the slow sources that are not tried now, and reports them. Sources that
// are not among the changes are no longer known as slow. In a run over some paths only, nothing is
// left out: somebody has asked for them.
func (r *run) withoutPaused(changes []scan.Change) []scan.Change {
	if r.Only != nil {
		return changes
	}
	if r.slow == nil {
		r.slowBefore = readSlow(r.Repo.State())
		r.slow = r.slowBefore
	}
	now, still := r.Clock(), slowSources{}
	changes = slices.DeleteFunc(changes, func(ch scan.Change) bool {
		s, slow := r.slow[ch.File.Path]
		if !slow || ch.Deleted {
			return false
		}
		still[ch.File.Path] = s
		if !s.isPaused(&ch.File, now) {
			return false
		}
		r.reportProblem(s.problem(ch.File.Path, now))
		return true
	})
	r.slow = still
	return changes
}

// saveSlow notes the slow sources for the next run, where they are others than before.
func (r *run) saveSlow() error {
	if r.Only != nil || maps.Equal(r.slow, r.slowBefore) {
		return nil
	}
	return r.slow.write(r.Repo.State())
}
