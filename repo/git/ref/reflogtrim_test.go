package ref_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/commits"
	"timemachine/repo/repotest"
)

const mainRef = "refs/heads/main"

// logged is a repository of two commits whose branch moves between them.
type logged struct {
	t       *testing.T
	dir     string
	store   *ref.Store
	folder  *durable.Dir // .git
	stage   *durable.Dir
	commits [2]object.ID
	at      int       // the commit that the branch is at
	now     time.Time // of the next move
}

func newLogged(t *testing.T, begin time.Time) *logged {
	l := &logged{t: t, dir: repotest.InMemory(t), now: begin}
	repotest.Git(t, l.dir, "init", "-q", "-b", "main")
	for i := range l.commits {
		l.git("commit", "-q", "--allow-empty", "-m", fmt.Sprint("number ", i))
		id, err := object.ParseID(l.git("rev-parse", "HEAD"))
		l.check(err)
		l.commits[i], l.at = id, i
	}
	git, err := durable.OpenDir(filepath.Join(l.dir, ".git"))
	l.check(err)
	t.Cleanup(func() { git.Close() })
	l.check(git.Mkdir("stage"))
	stage, err := git.Sub("stage")
	l.check(err)
	t.Cleanup(func() { stage.Close() })
	l.store, l.folder, l.stage = ref.New(git, stage), git, stage
	return l
}

func (l *logged) check(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// git runs git at the time of the next move. It fails the test where git warns.
func (l *logged) git(args ...string) string {
	l.t.Helper()
	cmd := exec.Command("git", append([]string{"-C", l.dir, "-c", "user.name=somebody", "-c", "user.email=s@example.org"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "LC_ALL=C.UTF-8", "TZ=UTC",
		fmt.Sprintf("GIT_COMMITTER_DATE=%d +0000", l.now.Unix()))
	var warnings strings.Builder
	cmd.Stderr = &warnings
	out, err := cmd.Output()
	if err != nil || warnings.Len() > 0 {
		l.t.Fatalf("git %s: %v\n%s%s", strings.Join(args, " "), err, out, warnings.String())
	}
	return strings.TrimSpace(string(out))
}

// move moves the branch to the other commit as a run does.
func (l *logged) move() error {
	to := 1 - l.at
	err := l.store.Update(mainRef, l.commits[l.at], l.commits[to], ref.LogEntry{Name: "timemachine", Email: "root@host.example.org", When: l.now,
		Message: commits.MoveMessage(3, "20261123T044830Z-9f2c"), Join: commits.JoinMessages})
	if err == nil {
		l.at = to
	}
	return err
}

func (l *logged) log(name string) string { return filepath.Join(l.dir, ".git/logs", name) }

// lines reads a log, the oldest line first.
func (l *logged) lines(name string) []string {
	b, err := os.ReadFile(l.log(name))
	l.check(err)
	return slices.Collect(strings.Lines(string(b)))
}

// fill makes both logs so long that the next move joins entries: n moves by runs, one each minute
// up to now, with a move of another program in their midst, which fill returns.
func (l *logged) fill(n int) (foreign string) {
	var b strings.Builder
	at := l.at
	if n%2 == 1 {
		at = 1 - at
	}
	for i := range n {
		message := commits.MoveMessage(1, "20261123T044830Z-9f2c")
		if i == n/10 {
			message = "reset: moving to HEAD~1"
		}
		when := l.now.Add(time.Duration(i-n) * time.Minute)
		line := fmt.Sprintf("%s %s timemachine <root@host.example.org> %d +0000\t%s\n", l.commits[at], l.commits[1-at], when.Unix(), message)
		if i == n/10 {
			foreign = line
		}
		b.WriteString(line)
		at = 1 - at
	}
	for _, name := range []string{mainRef, "HEAD"} {
		l.check(os.WriteFile(l.log(name), []byte(b.String()), 0o600))
		l.check(os.Chmod(l.log(name), 0o640))
	}
	return foreign
}

// minutesFilled is a number of moves that makes a log long enough.
const minutesFilled = 4000

// TestLogsOfMonths lets runs move a branch for a hundred days, with git at work in between. The
// logs stay small, and lose none of git's entries in ninety days.
func TestLogsOfMonths(t *testing.T) {
	repotest.OneAtATime(t)
	t.Parallel()
	const days = 100
	step := 20 * time.Minute
	if *repotest.Torture {
		step = time.Minute
	}
	end := time.Now()
	l := newLogged(t, end.Add(-days*24*time.Hour))
	var foreign []string
	largest := int64(0)
	for i := 0; l.now.Before(end); i++ {
		l.now = l.now.Add(step)
		if i%700 == 350 {
			l.git("reset", "-q", "--soft", l.commits[1-l.at].String())
			l.at = 1 - l.at
			if end.Sub(l.now) < 90*24*time.Hour {
				foreign = append(foreign, fmt.Sprintf(" %d +0000\treset: moving to %s\n", l.now.Unix(), l.commits[l.at]))
			}
			continue
		}
		l.check(l.move())
		if i%50 == 0 {
			largest = max(largest, l.size(mainRef)+l.size("HEAD"))
		}
	}
	if largest > 1_400_000 || largest < 400_000 {
		t.Errorf("the logs had up to %d bytes", largest)
	}
	for _, name := range []string{mainRef, "HEAD"} {
		l.checkLog(name, foreign)
		exact, newest := 0, end
		for _, line := range slices.Backward(l.lines(name)) {
			when := entryTime(t, line)
			if strings.Contains(line, "versions (scan") && newest.Sub(when) > step+time.Second {
				break
			}
			exact, newest = exact+1, when
		}
		if exact < 600 {
			t.Errorf("%s: only the newest %d entries tell of one move each", name, exact)
		}
	}
}

func (l *logged) size(name string) int64 {
	st, err := os.Stat(l.log(name))
	l.check(err)
	return st.Size()
}

func entryTime(t *testing.T, line string) time.Time {
	t.Helper()
	var sec int64
	if _, err := fmt.Sscanf(line[strings.Index(line, "> ")+2:], "%d", &sec); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return time.Unix(sec, 0)
}

// checkLog checks that a log has no gap and holds the foreign lines in their order, and that git
// reads it without a warning.
func (l *logged) checkLog(name string, foreign []string) {
	l.t.Helper()
	lines := l.lines(name)
	left := foreign
	for i, line := range lines {
		if len(left) > 0 && strings.HasSuffix(line, left[0]) {
			left = left[1:]
		}
		if i > 0 && line[:40] != lines[i-1][41:81] {
			l.t.Fatalf("%s: a gap before entry %d of %d", name, i, len(lines))
		}
	}
	if len(left) > 0 {
		l.t.Errorf("%s: %d of %d entries of git are lost, the first is %q", name, len(left), len(foreign), left[0])
	}
	n := len(lines)
	if got := l.git("rev-parse", name+"@{1}"); got != lines[n-2][41:81] {
		l.t.Errorf("%s@{1} is %s", name, got)
	}
	if got := l.git("rev-parse", fmt.Sprintf("%s@{%d}", name, n-1)); got != lines[0][41:81] {
		l.t.Errorf("the first entry of %s is %s", name, got)
	}
	if got := len(strings.Split(l.git("log", "-g", "--format=%gd", name), "\n")); got != n {
		l.t.Errorf("git log -g %s shows %d entries, want %d", name, got, n)
	}
	if got := len(strings.Split(l.git("reflog", "show", name), "\n")); got != n {
		l.t.Errorf("git reflog shows %d entries of %s, want %d", got, name, n)
	}
	if out := l.git("fsck", "--strict"); out != "" {
		l.t.Errorf("git fsck: %s", out)
	}
}

// TestJoinedLog joins entries of each hour, keeps the log's mode, and does nothing further until
// the log has grown again.
func TestJoinedLog(t *testing.T) {
	t.Parallel()
	l := newLogged(t, time.Now())
	foreign := l.fill(minutesFilled)
	before := l.lines("HEAD")
	l.check(l.move())
	for _, name := range []string{mainRef, "HEAD"} {
		l.checkLog(name, []string{foreign})
		if n := len(l.lines(name)); n > 900 || n < 300 {
			t.Errorf("%s: %d entries of %d are left", name, n, len(before))
		}
		st, err := os.Stat(l.log(name))
		l.check(err)
		if st.Mode() != 0o640 {
			t.Errorf("%s: mode %s", name, st.Mode())
		}
	}
	after := l.lines("HEAD")
	hours := map[int64]int{}
	runs := 0
	for _, line := range after {
		var n int
		if _, err := fmt.Sscanf(line[strings.IndexByte(line, '\t')+1:], "timemachine: %d runs\n", &n); err == nil {
			hours[entryTime(t, line).Unix()/3600]++
			runs += n - 1
		}
	}
	if got := len(after) + runs; got != minutesFilled+1 {
		t.Errorf("the entries tell of %d moves, want %d", got, minutesFilled+1)
	}
	for hour, n := range hours {
		if n > 2 { // before and after git's entry
			t.Errorf("%d entries of hour %d", n, hour)
		}
	}
	if len(hours) < (minutesFilled-1000)/60 {
		t.Errorf("entries of %d hours", len(hours))
	}
	l.check(l.move())
	if got := l.lines("HEAD"); !slices.Equal(got[:len(got)-1], after) {
		t.Error("the second move changed more than its line")
	}
}

// TestForeignLogIsLeft keeps entries that another program made, also one that calls itself
// timemachine.
func TestForeignLogIsLeft(t *testing.T) {
	t.Parallel()
	l := newLogged(t, time.Now())
	l.fill(minutesFilled)
	for _, name := range []string{mainRef, "HEAD"} {
		lines := l.lines(name)
		for i, line := range lines {
			lines[i], _, _ = strings.Cut(line, "\t")
			lines[i] += "\ttimemachine: updating HEAD\n"
		}
		l.check(os.WriteFile(l.log(name), []byte(strings.Join(lines, "")), 0o600))
	}
	before := l.lines(mainRef)
	l.check(l.move())
	for _, name := range []string{mainRef, "HEAD"} {
		if got := l.lines(name); !slices.Equal(got[:len(got)-1], before) {
			t.Errorf("%s: %d entries of %d are left", name, len(got)-1, len(before))
		}
	}
}

// TestHeadsLogIsLeftWhileLocked leaves the log of HEAD to the process that holds HEAD's lock.
func TestHeadsLogIsLeftWhileLocked(t *testing.T) {
	t.Parallel()
	l := newLogged(t, time.Now())
	l.fill(minutesFilled)
	lock := filepath.Join(l.dir, ".git/HEAD.lock")
	l.check(os.WriteFile(lock, nil, 0o600))
	l.check(l.move())
	if n := len(l.lines("HEAD")); n != minutesFilled+1 {
		t.Errorf("HEAD: %d entries under a foreign lock", n)
	}
	if n := len(l.lines(mainRef)); n > 1500 {
		t.Errorf("the branch: %d entries", n)
	}
	l.check(os.Remove(lock))
	l.check(l.move())
	if n := len(l.lines("HEAD")); n > 1500 {
		t.Errorf("HEAD: %d entries", n)
	}
}

// TestTrimBesideGit lets git write HEAD's log, or expire both logs, while a move trims them.
// Neither loses git's entries.
func TestTrimBesideGit(t *testing.T) {
	repotest.OneAtATime(t)
	t.Parallel()
	l := newLogged(t, time.Now())
	rounds := 20
	if *repotest.Torture {
		rounds = 500
	}
	for round := range rounds {
		foreign := l.fill(minutesFilled)
		var beside [][]string
		for i := range 5 {
			beside = append(beside, []string{"symbolic-ref", "-m", fmt.Sprintf("checkout: round %d.%d", round, i), "HEAD", mainRef})
		}
		if round%2 == 1 {
			beside = [][]string{{"reflog", "expire", "--expire=90.days", "--expire-unreachable=90.days", "--all"}}
		}
		done := make(chan []string)
		go func() {
			var wrote []string
			for _, args := range beside {
				out, err := exec.Command("git", append([]string{"-C", l.dir, "-c", "user.name=x", "-c", "user.email=x"}, args...)...).CombinedOutput()
				if err == nil && round%2 == 0 {
					wrote = append(wrote, args[2]+"\n")
				} else if err != nil && !strings.Contains(string(out), "lock") {
					t.Errorf("git %s: %s", args[0], out)
				}
			}
			done <- wrote
		}()
		time.Sleep(time.Duration(round%7) * time.Millisecond)
		err := l.move()
		wrote := append([]string{foreign}, <-done...)
		l.check(err)
		for _, name := range []string{mainRef, "HEAD"} {
			want := wrote
			if name == mainRef {
				want = wrote[:1]
			}
			lines := l.lines(name)
			for _, line := range want {
				if !slices.ContainsFunc(lines, func(got string) bool { return strings.HasSuffix(got, line) }) {
					t.Errorf("round %d: %s lacks %q", round, name, line)
				}
			}
		}
		if left, _ := filepath.Glob(filepath.Join(l.dir, ".git/*.lock")); len(left) > 0 {
			t.Fatalf("round %d: %q is left", round, left)
		}
	}
	if out := l.git("fsck", "--strict"); out != "" {
		t.Errorf("git fsck: %s", out)
	}
}

// TestTrimGoesWrong lets operations of a move that trims both logs go wrong, each one in the long
// form. A log is always the old or the trimmed one, and the next move goes on.
func TestTrimGoesWrong(t *testing.T) {
	repotest.OneAtATime(t)
	l := newLogged(t, time.Now())
	tried, step := 0, 8
	if *repotest.Torture {
		step = 1
	}
	for _, how := range repotest.AllFaults {
		for at, hit := rand.IntN(step), true; hit; at += step {
			foreign := l.fill(minutesFilled)
			f := &repotest.Faults{At: at, How: how}
			remove := durable.SetSeam(f)
			moved := l.move()
			remove()
			if now, err := l.store.Read(mainRef); err != nil || now != l.commits[l.at] && moved == nil {
				t.Fatalf("%s, operation %d: the branch is at %s: %v, %v", how, at, now, err, moved)
			} else if now != l.commits[l.at] {
				l.at = 1 - l.at
			}
			op, befell := f.Hit()
			hit = f.Count() > at
			if !befell {
				continue
			}
			tried++
			what := fmt.Sprintf("%s, operation %d: %s %s", how, at, op.Kind, strings.TrimPrefix(op.Path, l.dir))
			for _, name := range []string{mainRef, "HEAD"} {
				lines := l.lines(name)
				if n := len(lines); !slices.Contains(lines, foreign) || n < 300 || n > 900 && n < minutesFilled {
					t.Fatalf("%s: %d entries of %s", what, n, name)
				}
			}
			l.check(l.folder.ClearStaleLock("HEAD", l.stage)) // as a run does
			if err := l.move(); err != nil {
				t.Fatalf("%s: then %v", what, err)
			}
			for _, name := range []string{mainRef, "HEAD"} {
				if n := len(l.lines(name)); n > 1500 {
					t.Fatalf("%s: then %d entries of %s", what, n, name)
				}
			}
			if _, err := os.Lstat(filepath.Join(l.dir, ".git/HEAD.lock")); err == nil {
				t.Fatalf("%s: HEAD stays locked", what)
			}
		}
	}
	t.Logf("%d operations went wrong", tried)
}
