package watch_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// TestYearsStaySmall makes a run a minute over 1,500 files, of which each finds one edited, and one
// growing log: for two days in the long form.
func TestYearsStaySmall(t *testing.T) {
	repotest.OneAtATime(t)
	t.Parallel()
	w := newWorld(t)
	w.clock = w.processorClock(time.Now())
	r := rand.New(rand.NewPCG(17, 3))
	rounds := 200
	switch {
	case *repotest.Torture:
		rounds = 3000
	case testing.Short():
		rounds = 40
	}
	files := make([][]string, 1500)
	for i := range files {
		for range 60 {
			files[i] = append(files[i], prose(r))
		}
		w.write(yearsFile(i), strings.Join(files[i], ""))
	}
	w.write("server.log", prose(r))
	w.small(len(files) + 1)
	for i := range rounds {
		at := r.IntN(len(files))
		files[at][r.IntN(60)] = fmt.Sprintf("round %d %s", i, prose(r))
		w.write(yearsFile(at), strings.Join(files[at], ""))
		w.append("server.log", time.Unix(int64(1_700_000_000+60*i), 0).UTC().Format(time.RFC3339)+" "+prose(r))
		w.ahead += time.Minute
		w.small(2)
	}
	repotest.MustCheck(t, w.dest)
	git := filepath.Join(w.dest, ".git")
	mirror := filepath.Join(filepath.Dir(w.dest), "mirror")
	repotest.Git(t, w.dest, "clone", "-q", "--mirror", "--no-local", ".", mirror)
	repotest.Git(t, mirror, "gc", "-q")
	all, packs, collected := w.bytesBelow(git, ""), w.bytesBelow(filepath.Join(git, "objects/pack"), ""), w.bytesBelow(mirror, "")
	t.Logf("%d bytes in .git, %d of them in packs, %d after git gc; by folder: logs %d, timemachine %d, index %d, objects/info %d",
		all, packs, collected, w.bytesBelow(git, "logs"), w.bytesBelow(git, "timemachine"), w.bytesBelow(git, "index"), w.bytesBelow(git, "objects/info"))
	if besides := all - packs; besides > max(4_000_000, packs/20) {
		t.Errorf("%d bytes beside packs of %d", besides, packs)
	}
	if logs := w.bytesBelow(git, "logs"); logs > 2_000_000 {
		t.Errorf("reflogs of %d bytes", logs)
	}
	if *repotest.Torture && float64(all) > 1.15*float64(collected) {
		t.Errorf(".git has %d bytes, after git gc %d", all, collected)
	}
}

// processorClock is a clock that goes on with this process's processor time, and with what is added
// to w.ahead. So merges of packs have as much time on a machine with other work to do.
func (w *world) processorClock(begin time.Time) func() time.Time {
	return func() time.Time {
		var used syscall.Rusage
		w.check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
		return begin.Add(w.ahead + time.Duration(used.Utime.Nano()+used.Stime.Nano()))
	}
}

func yearsFile(i int) string { return fmt.Sprintf("d%02d/f%04d.conf", i/50, i) }

// prose is a line of words, as configurations and logs have them.
func prose(r *rand.Rand) string {
	words := strings.Fields("the of server port listen address user group allow deny path level error warning info true false default timeout retry cache host zone key value option start stop owner public")
	var b strings.Builder
	fmt.Fprintf(&b, "%s_%d", words[r.IntN(len(words))], r.IntN(1000))
	for range 3 + r.IntN(5) {
		b.WriteString(" " + words[r.IntN(len(words))])
	}
	return b.String() + "\n"
}

func (w *world) append(name, line string) {
	w.t.Helper()
	f, err := os.OpenFile(w.path(name), os.O_APPEND|os.O_WRONLY, 0)
	w.check(err)
	_, err = f.WriteString(line)
	w.check(err)
	w.check(f.Close())
}

// bytesBelow sums the sizes of the files of a folder, or of a folder or file in it.
func (w *world) bytesBelow(dir, name string) (sum int64) {
	w.t.Helper()
	w.check(filepath.WalkDir(filepath.Join(dir, name), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err == nil {
			sum += st.Size()
		}
		return err
	}))
	return sum
}

// TestLaterMergeFindsDeltas merges packs without time to look for deltas. Compact finds those that
// are missing, so that the packs are about as small as git makes them.
func TestLaterMergeFindsDeltas(t *testing.T) {
	repotest.OneAtATime(t)
	t.Parallel()
	w := newWorld(t)
	r := rand.New(rand.NewPCG(5, 6))
	began, seconds := time.Now(), atomic.Int64{}
	w.clock = func() time.Time { return began.Add(time.Duration(seconds.Add(1)) * time.Second) }
	const files = 60
	for i := range files {
		w.write(yearsFile(i), text(r, 8000))
	}
	w.small(files)
	for i := range 300 {
		w.append(yearsFile(i%files), prose(r))
		w.small(1)
	}
	n, before := w.packs()
	w.compact()
	_, after := w.packs()
	mirror := filepath.Join(filepath.Dir(w.dest), "mirror")
	repotest.Git(t, w.dest, "clone", "-q", "--mirror", "--no-local", ".", mirror)
	repotest.Git(t, mirror, "-c", "repack.writeBitmaps=false", "repack", "-adfq")
	repacked := w.bytesBelow(mirror, "objects/pack")
	t.Logf("%d packs of %d bytes, compacted %d, after git repack -f %d", n, before, after, repacked)
	if float64(after) > 1.1*float64(repacked) {
		t.Errorf("compacted to %d bytes, git repack -f makes %d", after, repacked)
	}
	repotest.MustCheck(t, w.dest)
}
