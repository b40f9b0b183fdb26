package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){
		"timemachine":  apart,
		"hold":         hold,
		"when-waiting": whenWaiting,
		"as-nobody":    asNobody,
	})
}

// afterTests is what the tests leave to be removed when all of them have ended.
var afterTests []func()

// tests are all tests, and what follows them.
type tests struct{ *testing.M }

func (t tests) Run() int {
	code := t.M.Run()
	for _, f := range afterTests {
		f()
	}
	return code
}

// TestScripts runs the scripts, which show all visible behaviour. Each has its own home and works
// in an empty folder.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join("..", "..", "testdata", "script", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts:", err)
	}
	if testing.Short() { // a sample
		for i := range len(scripts) / 3 {
			scripts[i] = scripts[3*i]
		}
		scripts = scripts[:len(scripts)/3]
	}
	testscript.Run(t, testscript.Params{
		Files:               scripts,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup:               setupScript,
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "huge": // a file of 8 TiB, all holes, is larger than the disk, and fits
				path := filepath.Join(t.TempDir(), "huge")
				var fs syscall.Statfs_t
				err := errors.Join(syscall.Statfs(filepath.Dir(path), &fs), os.WriteFile(path, nil, 0o600), os.Truncate(path, 8<<40))
				return err == nil && int64(fs.Blocks)*int64(fs.Bsize) < 8<<40, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"hostile":        makeHostile,
			"hostile-branch": makeHostileBranch,
		},
	})
}

// nobody is the ID of a user without rights.
const nobody = 65534

// setupScript gives a script its own home and a git without the user's settings. It lets an
// unprivileged user reach the work folder.
func setupScript(env *testscript.Env) error {
	if err := os.Chmod(filepath.Dir(env.WorkDir), 0o711); err != nil {
		return err
	}
	docs, err := filepath.Abs("../../docs")
	if err != nil {
		return err
	}
	env.Setenv("DOCS", docs)
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("ROOT_SETUP", filepath.Join(env.WorkDir, "root"))
	env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, ".state"))
	env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	env.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	env.Setenv("LC_ALL", "C.UTF-8")
	env.Setenv("TZ", "UTC")
	env.Setenv("GORACE", os.Getenv("GORACE"))
	return nil
}

// makeHostile writes files whose names no script file can hold: with ESC, newline, C1, bidi and
// Latin-1 bytes.
func makeHostile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hostile DIR")
	}
	for i, name := range hostileNames {
		path := filepath.Join(ts.MkAbs(args[0]), strconv.Itoa(i)+filepath.Base(name))
		ts.Check(os.WriteFile(path, []byte("hostile\n"), 0o600))
	}
}

// makeHostileBranch gives a branch another name, which no script file can hold: with C1 bytes.
func makeHostileBranch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: hostile-branch REPOSITORY BRANCH")
	}
	ts.Check(ts.Exec("git", "-C", ts.MkAbs(args[0]), "branch", "hosts/\u009b31m", args[1]))
}

// hold runs a command while it holds the lock on the file named first, as another run would.
func hold() {
	f, err := os.OpenFile(os.Args[1], os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
	os.Exit(run(exec.Command(os.Args[2], os.Args[3:]...)))
}

// whenWaiting runs a program, and a shell command as soon as the program says that it waits. PID is
// the program's. Its own status is the program's, or a shell's for one that a signal has ended.
func whenWaiting() {
	read, write, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, write
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
	write.Close()
	done := false
	for lines := bufio.NewScanner(read); lines.Scan(); {
		fmt.Fprintln(os.Stderr, lines.Text())
		if !done && strings.HasPrefix(lines.Text(), "waiting, for ") {
			done = true
			then := exec.Command("sh", "-c", os.Args[1])
			then.Env = append(os.Environ(), "PID="+strconv.Itoa(cmd.Process.Pid))
			run(then)
		}
	}
	_ = cmd.Wait() // the state tells
	if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		os.Exit(128 + int(s.Signal()))
	}
	os.Exit(cmd.ProcessState.ExitCode())
}

// asNobody is timemachine run by an unprivileged user, if the tests run as root; else by the same
// user. It shows what holds for every user but root. The process gives up its rights by itself,
// since nobody may not reach its program.
func asNobody() {
	if os.Geteuid() == 0 {
		err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(125)
		}
	}
	apart()
}

// apart is timemachine, whose root has its setup in the folders below $ROOT_SETUP instead of those
// of this machine.
func apart() {
	rootFolders, scheduleRoot = setupFolders{}, filepath.Join(os.DevNull, "none")
	clockIsUnkept = func() bool { return false }
	if top := os.Getenv("ROOT_SETUP"); top != "" {
		clockIsUnkept = func() bool { return exists(filepath.Join(top, "unkept-clock")) }
		scheduleRoot = top
		rootFolders = setupFolders{config: filepath.Join(top, "etc", programName), destination: filepath.Join(top, "backups", programName),
			schedule: filepath.Join(top, "etc", "cron.d", programName)}
	}
	main()
}

// run runs a command with the streams of this process, and returns its exit status.
func run(cmd *exec.Cmd) int {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
		return 125
	}
	return cmd.ProcessState.ExitCode()
}
