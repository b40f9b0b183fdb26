package watch_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// slowMachine is a world in which each look at the clock, as before each megabyte that is read,
// takes 600 ms.
type slowMachine struct {
	*world
	now atomic.Int64 // in nanoseconds since 1970
}

const slowUser, otherUser = 12345, 12346

func newSlowMachine(t *testing.T) *slowMachine {
	if os.Geteuid() != 0 {
		t.Skip("root only: files of several users")
	}
	m := &slowMachine{world: newWorld(t)}
	m.now.Store(time.Now().UnixNano())
	m.clock = func() time.Time { return time.Unix(0, m.now.Add(int64(600*time.Millisecond))) }
	return m
}

// hole makes a file of so many megabytes, for a user. It has been changed long ago, or it would be
// read twice.
func (m *slowMachine) hole(name string, megabytes int64, uid int) {
	m.t.Helper()
	if _, err := os.Stat(m.path(name)); err != nil {
		m.write(name, "")
	}
	m.check(os.Truncate(m.path(name), megabytes<<20))
	m.check(os.Lchown(m.path(name), uid, uid))
	m.settled(name)
}

// later lets time pass and makes a run. It returns how long the run took, by its clock.
func (m *slowMachine) later(pass time.Duration, versions int) (problems, time.Duration) {
	m.t.Helper()
	began := m.now.Add(int64(pass))
	p := m.run(versions)
	return p, time.Duration(m.now.Load() - began)
}

// slow tells whether a run has found a file slow, and has found nothing else.
func (m *slowMachine) slow(p problems, name string) bool {
	return len(p) == 1 && !p[0].Warning && p[0].Path == m.path(name) && strings.Contains(p[0].Msg, "takes longer to read than the 30 s")
}

func (m *slowMachine) isNoted() bool {
	_, err := os.Stat(filepath.Join(m.dest, ".git/timemachine/slow"))
	return err == nil
}

// TestSlowFileHoldsNoRun: a file that takes longer to read than a run has for another user's large
// files is left alone and named. It is tried again ever more seldom, unless it has shrunk. Files of
// root are read to their end, and so is what a run is asked for.
func TestSlowFileHoldsNoRun(t *testing.T) {
	t.Parallel()
	m := newSlowMachine(t)
	m.write("u/small", "1")
	m.check(os.Lchown(m.path("u/small"), slowUser, slowUser))
	m.hole("u/huge", 45, 0) // a large file of root's is only warned of
	if p, _ := m.later(0, 2); len(p) > 0 {
		t.Fatalf("it says %v", p)
	}
	m.hole("u/huge", 90, slowUser)
	m.hole("z", 12, otherUser)
	if p, took := m.later(time.Minute, 1); !m.slow(p, "u/huge") || took < 30*time.Second || took > time.Minute {
		t.Errorf("it took %v and says %v", took, p)
	}
	m.want("Add z")
	for _, test := range []struct {
		pass  time.Duration // since the run before
		tried bool
	}{{time.Minute, false}, {time.Minute, true}, {time.Minute, false}, {2 * time.Minute, false}, {2 * time.Minute, true}, {7 * time.Minute, false}} {
		m.write("a", test.pass.String()+fmt.Sprint(m.now.Load()))
		p, took := m.later(test.pass, 1)
		if !m.slow(p, "u/huge") || (took > 30*time.Second) != test.tried {
			t.Errorf("%v later, a run took %v and says %v", test.pass, took, p)
		}
	}
	m.ahead = time.Until(time.Unix(0, m.now.Load()))
	if p := m.preview().Failing; !m.slow(p, "u/huge") {
		t.Errorf("a preview says %v", p)
	}
	m.hole("u/huge", 20, slowUser)
	if p, _ := m.later(0, 1); len(p) > 0 || m.isNoted() {
		t.Errorf("after it shrank, it says %v", p)
	}
	m.hole("u/huge", 90, slowUser)
	if p, _ := m.later(0, 0); !m.slow(p, "u/huge") || !m.isNoted() {
		t.Errorf("after it grew, it says %v", p)
	}
	m.only = []string{m.path("u/huge")}
	if p, _ := m.later(0, 1); len(p) != 1 || !p[0].Warning { // of its size
		t.Errorf("alone, it says %v", p)
	}
	m.only = nil
	if p, _ := m.later(0, 0); len(p) > 0 || m.isNoted() {
		t.Errorf("in the end it says %v", p)
	}
}

// TestUsersLargeFilesShareTheirTime: what is left of one user's large files when their time is over
// waits for the next runs, which record all of it.
func TestUsersLargeFilesShareTheirTime(t *testing.T) {
	t.Parallel()
	m := newSlowMachine(t)
	for _, name := range []string{"u/1", "u/2", "u/3", "u/4"} {
		m.hole(name, 36, slowUser)
	}
	m.hole("z", 12, otherUser)
	total, runs := 0, 0
	for ; total < 5 && runs < 10; runs++ {
		s, p, err := m.try()
		m.check(err)
		total += fileVersions(s)
		if s.Elapsed > time.Minute+10*time.Second || total < 5 && (len(p) != 1 || !strings.Contains(p[0].Msg, "of user 12345's files")) {
			t.Errorf("run %d took %v and says %v", runs, s.Elapsed, p)
		}
	}
	if total != 5 || runs < 3 || m.isNoted() {
		t.Errorf("%d versions in %d runs", total, runs)
	}
}

// TestLargeFilesComeAfterAPublication: what a run has recorded is published before it begins to
// read large files.
func TestLargeFilesComeAfterAPublication(t *testing.T) {
	t.Parallel()
	w := newWorldOnDisk(t)
	w.write("z", "")
	w.write("a", "")
	w.check(os.Truncate(w.path("a"), 300<<20))
	now := time.Now()
	w.clock = func() time.Time { return now } // so that nothing else is a reason to publish
	w.run(2)
	w.want("Add z", "Add a")
	if n := len(repotest.Lines(t, w.dest, "reflog", "show", "--format=%gs", "HEAD")); n != 2 {
		t.Errorf("published %d times", n)
	}
}
