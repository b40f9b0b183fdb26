//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
	"golang.org/x/text/width"

	"timemachine/repo/repotest"
)

// TestLogUntilClaimsNoLater: no heading of a log is later than --until, though the run was that
// recorded an old file.
func TestLogUntilClaimsNoLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command("sh", "-ec", `mkdir w dest; echo 1 >w/a; echo 1 >w/b; i=0; while [ $i -lt 20 ]; do echo $i >w/n$i; i=$((i+1)); done
		touch -d "2020-05-06 07:08 UTC" w/a; touch -d "2019-01-02 03:04 UTC" w/b w/n*; echo "- w" >config.dat; echo 1 >w/now`)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	onTerminal(t, dir, 100, "-q")
	for _, args := range [][]string{{"log"}, {"log", "--runs"}, {"log", "--reverse"}, {"log", dir + "/w"}, {"log", "--flat"}, {"log", dir + "/w/a"}} {
		for _, until := range []string{"2020-05-07", "2020-01-01"} {
			out := onTerminal(t, dir, 100, append(args, "--until", until)...)
			if strings.Contains(out, "second") || strings.Contains(out, time.Now().UTC().Format("2006-01-02")) {
				t.Errorf("%q until %s:\n%s", args, until, out)
			}
			if args[len(args)-1] != dir+"/w/a" && !strings.Contains(out, "years ago") && !strings.Contains(out, "2019") {
				t.Errorf("%q until %s names no time:\n%s", args, until, out)
			}
		}
	}
}

// onTerminal runs the program on a terminal of so many columns, without a pager, and returns what
// it wrote there.
func onTerminal(t *testing.T, dir string, columns int, args ...string) string {
	t.Helper()
	cmd := exec.Command("timemachine", append([]string{"-cl", dir, "-d", filepath.Join(dir, "dest")}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "LC_ALL=C.UTF-8", "TERM=xterm", "PAGER=cat", "TZ=UTC")
	return screenOf(t, cmd, columns)
}

// screenOf runs a command on a terminal of so many columns and returns what is written there.
func screenOf(t *testing.T, cmd *exec.Cmd, columns int) string {
	t.Helper()
	master := startOnTerminal(t, cmd, columns)
	defer master.Close()
	var out bytes.Buffer
	_, _ = io.Copy(&out, master) // EIO when the other end is closed
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%q: %v: %.500s", cmd.Args, err, out.String())
	}
	return strings.ReplaceAll(out.String(), "\r\n", "\n")
}

// startOnTerminal starts a command on a terminal of so many columns, and returns the terminal's
// other end. The terminal is that of all its streams that are not set.
func startOnTerminal(t *testing.T, cmd *exec.Cmd, columns int) *os.File {
	t.Helper()
	// a Close ends a Read
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skip("no terminals here:", err)
	}
	master := os.NewFile(uintptr(fd), "/dev/ptmx")
	t.Cleanup(func() { master.Close() })
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)})
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout = slave, slave
	if cmd.Stderr == nil {
		cmd.Stderr = slave
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	return master
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// columnsOf is how many columns a line takes, by the tables of Unicode.
func columnsOf(line string) int {
	n := 0
	for _, r := range escapes.ReplaceAllString(line, "") {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// TestLogFitsTerminal: no line is wider than the terminal, whatever the names and events, and
// nothing in a name acts on the terminal.
func TestLogFitsTerminal(t *testing.T) {
	t.Parallel()
	w := newLogWorld(t)
	commands := [][]string{{"log"}, {"log", w.top}, {"log", "--flat"}, {"log", "--runs"}, {"log", "--deleted", w.top}, {"log", "--stat", w.top},
		{"log", "--reverse"}, {"log", "--event", "metadata", "/"}, {"restore", "-n", w.top, "--at", "@2"}, {"restore", "-n", "-v", w.top, "--at", "@3"}}
	for _, source := range w.sources() {
		if !strings.Contains(source, "/sub/") {
			commands = append(commands, []string{"log", source})
		}
	}
	for _, columns := range []int{200, 80, 40, 24} {
		for _, args := range commands {
			out := onTerminal(t, w.dir, columns, args...)
			if strings.Count(out, "\n") < 2 {
				t.Fatalf("%.200q: %.500q", args, out)
			}
			for line := range strings.Lines(out) {
				line = strings.TrimSuffix(line, "\n")
				isHint := strings.HasPrefix(line, "hint: ") || strings.Contains(line, "restore") && args[0] == "restore" || strings.HasPrefix(line, "at ")
				if n := columnsOf(line); n > columns && !isHint {
					t.Errorf("%.200q on %d columns: %d in %q", args, columns, n, line)
				}
				if strings.ContainsFunc(escapes.ReplaceAllString(line, ""), unicode.IsControl) {
					t.Errorf("%.200q: %q", args, line)
				}
			}
		}
	}
}

// TestLogOfFileCountsAsAt: the numbers of a file's versions are those that --at takes, also where
// some versions are left out.
func TestLogOfFileCountsAsAt(t *testing.T) {
	t.Parallel()
	w := &logWorld{t: t, dir: repotest.InMemory(t)}
	w.top = filepath.Join(w.dir, "w")
	for i := range 5 {
		w.write("f", fmt.Sprint("version ", i, " ", i%2, "\n"))
		w.run("add", filepath.Join(w.top, "f"))
	}
	path := filepath.Join(w.top, "f")
	row := regexp.MustCompile(`(?m)^@(\d+) .* ([0-9a-f]{10})  `)
	for _, args := range [][]string{{"log", path}, {"log", "-S", "version 1", path}, {"log", "-2", path}, {"log", "--event", "added", path}, {"log", "--reverse", path}, {"log", "-p", path}} {
		out := escapes.ReplaceAllString(onTerminal(t, w.dir, 80, args...), "")
		rows := row.FindAllStringSubmatch(out, -1)
		if len(rows) == 0 {
			t.Fatalf("%q: %s", args, out)
		}
		for _, r := range rows {
			if a, b := w.run("show", path, "--at", "@"+r[1]), w.run("show", path, "--at", r[2]); a != b {
				t.Errorf("%q: @%s is %q, %s is %q", args, r[1], a, r[2], b)
			}
		}
	}
	if out := onTerminal(t, w.dir, 300, "log", path); !strings.Contains(out, "diff "+path+" @1 @0") || !strings.Contains(out, "\x1b[32madded") {
		t.Errorf("%q", out)
	}
}

// TestRenamesAreOneLine: on a terminal a rename is one line, and --deleted lists none.
func TestRenamesAreOneLine(t *testing.T) {
	w := &logWorld{t: t, dir: repotest.InMemory(t)}
	w.top = filepath.Join(w.dir, "w")
	w.write("tls.conf", "tls\n")
	w.write("gone", "gone\n")
	w.run("add", w.top)
	w.must(os.Rename(filepath.Join(w.top, "tls.conf"), filepath.Join(w.top, "ssl.conf")), os.Remove(filepath.Join(w.top, "gone")))
	w.run()
	out := escapes.ReplaceAllString(onTerminal(t, w.dir, 80, "log", w.top, "--since", "1 hour ago"), "")
	if !regexp.MustCompile(`(?m)^  renamed   [0-9a-f]{10} +4 B  tls.conf → ssl.conf$`).MatchString(out) || strings.Count(out, "deleted") != 1 {
		t.Errorf("%s", out)
	}
	old := filepath.Join(w.top, "tls.conf")
	out = escapes.ReplaceAllString(onTerminal(t, w.dir, 300, "log", old), "")
	if !regexp.MustCompile(`(?m)^@0 .*  renamed   [0-9a-f]{10}  tls.conf → ssl.conf$`).MatchString(out) || !strings.Contains(out, "log "+filepath.Join(w.top, "ssl.conf")) {
		t.Errorf("%s", out)
	}
	// In a folder from which it was renamed it is no deletion either.
	w.write("from/a", "a\n")
	for i := range 20 {
		w.write(fmt.Sprint("from/many/", i), fmt.Sprint(i, "\n"))
	}
	w.run()
	w.must(os.Mkdir(filepath.Join(w.top, "to"), 0o755), os.Rename(filepath.Join(w.top, "from", "a"), filepath.Join(w.top, "to", "b")))
	w.run()
	out = escapes.ReplaceAllString(onTerminal(t, w.dir, 300, "log", "-1", filepath.Join(w.top, "from")), "")
	if want := "  a → " + filepath.Join(w.top, "to", "b") + "\n"; !strings.Contains(out, want) || strings.Contains(out, "deleted") {
		t.Errorf("%s", out)
	}
	w.must(os.Rename(filepath.Join(w.top, "from", "many"), filepath.Join(w.top, "to", "many")))
	w.run()
	many := filepath.Join(w.top, "from", "many")
	if out := w.run("log", "--runs", "-1", many); !strings.Contains(out, "  20 renamed from "+many+" to "+filepath.Join(w.top, "to", "many")) || strings.Contains(out, "deleted") {
		t.Errorf("%s", out)
	}
	if out := w.run("log", "--runs", "--no-renames", "-1", many); !strings.Contains(out, "20 deleted below "+many) {
		t.Errorf("%s", out)
	}
	if out := onTerminal(t, w.dir, 300, "log", filepath.Join(w.top, "gone")); !strings.Contains(out, "restore "+filepath.Join(w.top, "gone")) {
		t.Errorf("%s", out)
	}
	if out := w.run("log", "--deleted", w.top); strings.Contains(out, "tls.conf") || strings.Count(out, "\n") != 1 {
		t.Errorf("%s", out)
	}
	if out := w.run("log", "--deleted", "--no-renames", w.top); !strings.Contains(out, "tls.conf") {
		t.Errorf("%s", out)
	}
}

// TestRunStaysTogether: a run is told once, also where one of its versions came into force before
// those of the run before.
func TestRunStaysTogether(t *testing.T) {
	t.Parallel()
	w := &logWorld{t: t, dir: repotest.InMemory(t)}
	w.top = filepath.Join(w.dir, "w")
	for _, name := range []string{"a", "b", "c"} {
		w.write(name, "one\n")
	}
	w.run("add", w.top)
	between := time.Now()
	time.Sleep(2100 * time.Millisecond)
	w.write("a", "two\n")
	w.run()
	w.write("b", "two\n")
	w.write("c", "two\n")
	w.must(os.Chtimes(filepath.Join(w.top, "b"), between, between.Add(time.Second)))
	w.run()
	if got := w.run("log", "-3"); strings.Index(got, "/a\n") > strings.Index(got, "/b\n") {
		t.Fatalf("the versions do not interleave: %s", got)
	}
	if got := w.run("log", "--runs"); strings.Count(got, "\n") != 3 || !strings.Contains(got, "2 modified below") {
		t.Errorf("%s", got)
	}
	if out := escapes.ReplaceAllString(onTerminal(t, w.dir, 80, "log", w.top), ""); strings.Count(out, " ago") != 3 {
		t.Errorf("%s", out)
	}
}

// TestRunsCountAllVersions: --runs counts each version once, on a terminal what is summed up is
// said, and a limit is one of runs.
func TestRunsCountAllVersions(t *testing.T) {
	w := newLogWorld(t)
	versions := strings.Count(w.run("log", "--json"), "\n")
	for _, args := range [][]string{nil, {"--reverse"}} {
		sum := 0
		for line := range strings.Lines(w.run(append([]string{"log", "--runs", "--json"}, args...)...)) {
			var n int
			_, err := fmt.Sscan(regexp.MustCompile(`"versions":(\d+)`).FindStringSubmatch(line)[1], &n)
			w.must(err)
			sum += n
		}
		if sum != versions {
			t.Errorf("%q: runs count %d of %d versions", args, sum, versions)
		}
	}
	all := w.run("log", "--runs")
	lines := strings.SplitAfter(strings.TrimSuffix(all, "\n"), "\n")
	if len(lines) < 5 || w.run("log", "--runs", "-2") != lines[0]+lines[1] {
		t.Errorf("%s", all)
	}
	if got := w.run("log", "--runs", "-2", "--reverse"); got != lines[1]+lines[0] {
		t.Errorf("%s\nwant %s%s", got, lines[1], lines[0])
	}
	out := escapes.ReplaceAllString(onTerminal(t, w.dir, 300, "log", w.top), "")
	if !strings.Contains(out, "40 modes changed below lib/sub") || !strings.Contains(out, "log "+w.top+" --flat") {
		t.Errorf("%s", out)
	}
}

// TestLogNumbersAcrossRenames: the numbers of a log are those that show takes, for the versions
// under earlier names, too.
func TestLogNumbersAcrossRenames(t *testing.T) {
	dir := t.TempDir()
	run := func(script string) string {
		cmd := exec.Command("sh", "-ec", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"))
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v: %s", script, err, out)
		}
		return string(out)
	}
	const record = "timemachine -q -d dest; "
	run("mkdir dest d; echo 1 >d/old; timemachine -q -d dest add d; echo 2 >>d/old; " + record + "mv d/old d/mid; " + record +
		"echo 3 >>d/mid; " + record + "mv d/mid d/new; " + record + "echo again >d/old; " + record)
	lines := regexp.MustCompile(`(?m)^@([0-9]+) .* ([0-9a-f]{10})  `).FindAllStringSubmatch(escapes.ReplaceAllString(onTerminal(t, dir, 100, "log", filepath.Join(dir, "d", "new")), ""), -1)
	if len(lines) != 5 {
		t.Fatalf("numbers: %q", lines)
	}
	for i, l := range lines {
		if shown, is := run("timemachine -d dest show d/new --at @"+l[1]), run("git -C dest show --format= "+l[2]+": >/dev/null; timemachine -d dest show d/new --at "+l[2]+"~0"); l[1] != fmt.Sprint(i) || shown != is {
			t.Errorf("@%s is %q, and %s is %q", l[1], shown, l[2], is)
		}
	}
}

// TestLogTellsOfCuts: a limit that cuts a run says how much of it is left out, and runs of one
// minute are told to the second.
func TestLogTellsOfCuts(t *testing.T) {
	w := &logWorld{t: t, dir: repotest.InMemory(t)}
	w.top = filepath.Join(w.dir, "w")
	for i := range 20 {
		w.write(fmt.Sprint(i), fmt.Sprint(i, "\n"))
	}
	w.run("add", w.top)
	for i := range 15 {
		w.write(fmt.Sprint(i), "changed\n")
	}
	w.must(os.Rename(filepath.Join(w.top, "19"), filepath.Join(w.top, "z")))
	w.run()
	on := func(args ...string) string {
		return escapes.ReplaceAllString(onTerminal(t, w.dir, 80, append([]string{"log", w.top}, args...)...), "")
	}
	for _, c := range []struct {
		args []string
		more int
	}{{[]string{"-3"}, 14}, {[]string{"-3", "--reverse"}, 14}, {[]string{"-16"}, 1}, {[]string{"-17"}, 0}, {[]string{"-18"}, 20}, {[]string{"-18", "--reverse"}, 20}, {nil, 0}, {[]string{"--runs", "-1"}, 0}} {
		out := on(c.args...)
		want := fmt.Sprintf("\n  … and %d more of this run\n", c.more)
		if strings.Contains(out, "more of this run") != (c.more > 0) || c.more > 0 && !strings.Contains(out, want) {
			t.Errorf("%q: %s\nwant %q", c.args, out, want)
		}
		if !strings.Contains(out, "renamed") || strings.Contains(out, "deleted") || len(c.args) == 1 && !strings.Contains(out, "19 → z") {
			t.Errorf("%q tells the rename otherwise: %s", c.args, out)
		}
	}
	if out := on("--reverse", "-18"); strings.Index(out, "more of this run") > strings.Index(out, "renamed") {
		t.Errorf("the cut is told of the wrong run: %s", out)
	}
	headings := regexp.MustCompile(`(?m)^\S.* \d\d:\d\d(:\d\d)? · `)
	for try := range 3 { // the minute can end in between
		w.write("a", fmt.Sprint(try, "\n"))
		w.run()
		w.write("a", fmt.Sprint(try, " again\n"))
		w.run()
		lines := headings.FindAllStringSubmatch(on("-2"), -1)
		if len(lines) != 2 {
			t.Fatalf("%q", on("-2"))
		}
		if lines[0][1] != "" && lines[1][1] != "" {
			return
		}
	}
	t.Errorf("runs of one minute are not told apart: %s", on())
}
