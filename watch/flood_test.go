package watch_test

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// TestFloodWaits: one user's flood of files is recorded after everybody else's, and only for a
// while. The next runs go on with it, and in the end nothing is missing. A clock that runs fast
// stands for a slow machine.
func TestFloodWaits(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root only: files of several users")
	}
	if testing.Short() {
		t.Skip("thousands of commits say nothing about races")
	}
	t.Parallel()
	w := newWorld(t)
	const flooder, other, files = 12345, 12346, 6000
	w.write("a/own", "root's")
	for i := range files {
		name := fmt.Sprintf("flood/%d/f%d", i%100, i)
		w.write(name, "x")
		w.check(os.Lchown(w.path(name), flooder, flooder))
	}
	for i := range 50 {
		name := fmt.Sprintf("z/f%d", i)
		w.write(name, "newer than the flood")
		w.check(os.Lchown(w.path(name), other, other))
	}
	total, runs := 0, 0
	for ; total < files+51 && runs < 50; runs++ {
		var calls atomic.Int64
		began := time.Now()
		w.clock = func() time.Time { return began.Add(time.Duration(calls.Add(1)) * 3 * time.Millisecond) }
		s, p, err := w.try()
		w.check(err)
		w.clock = nil
		if runs == 0 {
			for _, subject := range w.subjects(fileVersions(s))[:51] {
				if strings.Contains(subject, "flood/") {
					t.Fatalf("%s comes before other users' files", subject)
				}
			}
		}
		total += fileVersions(s)
		waiting := fmt.Sprintf("%d changes of user %d's files", files+51-total, flooder)
		if files+51-total == 1 {
			waiting = fmt.Sprintf("is more of user %d's files", flooder)
		}
		switch {
		case total == files+51 && len(p) > 0:
			t.Errorf("all is recorded, and the run says %v", p)
		case total < files+51 && (len(p) != 1 || p[0].Warning || !strings.Contains(p[0].Msg, waiting)):
			t.Errorf("run %d: %d versions in all, and the run says %v", runs, total, p)
		}
	}
	if runs < 2 || total != files+51 {
		t.Errorf("%d versions in %d runs", total, runs)
	}
	w.run(0)
	if n := len(repotest.Lines(t, w.dest, "ls-tree", "-r", "--name-only", "HEAD", "files")); n != files+51 {
		t.Errorf("the tree holds %d files", n)
	}
}
