// Package gitexec runs the user's git for exchanges with a remote: it never prompts, ends when it
// is told to with all its children, and is led nowhere else by its environment.
package gitexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Git is a git program and how it is run.
type Git struct {
	Path  string        // of the program
	Env   []string      // this process's environment
	Quiet time.Duration // git is ended when it writes nothing to stderr for so long; 0: no limit

	// Progress is called while git fetches with --progress, with the number of objects that have
	// come and of all. nil: it is not told.
	Progress func(done, total int64)
}

// Result is what git said.
type Result struct {
	Stdout []byte
	Lines  []string // the last lines of stderr, without those of progress bars; raw
	Exit   int      // the exit status; -1: ended by a signal
}

// ErrQuiet says that git wrote nothing for the time of Git.Quiet, and was ended.
var ErrQuiet = errors.New("git made no progress")

const (
	maxStdout = 64 << 20
	maxStderr = 64 << 10
	grace     = 2 * time.Second // between TERM and KILL
)

// Find returns the path of git in the folders of a PATH. Relative folders are passed over.
func Find(path string) (string, bool) {
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		name := filepath.Join(dir, "git")
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && unix.Access(name, unix.X_OK) == nil {
			return name, true
		}
	}
	return "", false
}

// Run runs git on the repository gitDir, the folder .git or a bare repository, in the folder that
// holds it. The error is nil where git ended by itself, whatever its exit status. Where ctx ended
// it, the error is the context's.
func (g *Git) Run(ctx context.Context, gitDir string, args ...string) (Result, error) {
	ssh, err := g.sshCommand(ctx, gitDir)
	if err != nil {
		return Result{}, err
	}
	return g.run(ctx, gitDir, ssh, args)
}

// RunHere is Run for what speaks with no remote: git is not asked for its ssh first.
func (g *Git) RunHere(ctx context.Context, gitDir string, args ...string) (Result, error) {
	return g.run(ctx, gitDir, "", args)
}

// run runs git; ssh is the value of GIT_SSH_COMMAND, "" to leave it unset.
func (g *Git) run(ctx context.Context, gitDir, ssh string, args []string) (Result, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	cmd := exec.CommandContext(ctx, g.Path, append([]string{"--git-dir=" + gitDir}, args...)...)
	out, said := &bounded{max: maxStdout, full: end}, &tail{max: maxStderr, progress: g.Progress}
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Dir(gitDir), out, said
	cmd.Env = environment(g.Env, ssh)
	cmd.SysProcAttr = processAttributes()
	// The signal at this process's death comes at the end of the thread that starts git.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.WaitDelay = grace
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGTERM) }
	if g.Quiet > 0 {
		said.watch(g.Quiet, func() { end(ErrQuiet) })
		defer said.stop()
	}
	if err := cmd.Start(); err != nil {
		return Result{}, fmt.Errorf("git cannot be run: %w", err)
	}
	err := cmd.Wait()
	res := Result{Stdout: out.b, Lines: said.lines(), Exit: cmd.ProcessState.ExitCode()}
	if ctx.Err() != nil {
		// A child that ignores the first signal would go on.
		unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		return res, context.Cause(ctx)
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) {
		err = nil // the latter where a child in the background holds stderr
	}
	return res, err
}

// environment is git's: without what would lead it to another repository, program or language, and
// without what prompts.
func environment(env []string, ssh string) []string {
	var kept []string
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		switch {
		case strings.HasPrefix(name, "GIT_"), strings.HasPrefix(name, "LC_"):
		case name == "LANG", name == "LANGUAGE", name == "SSH_ASKPASS", name == "SSH_ASKPASS_REQUIRE":
		default:
			kept = append(kept, e)
		}
	}
	// An empty GIT_ASKPASS keeps git from core.askPass, too.
	kept = append(kept, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "GCM_INTERACTIVE=never")
	if ssh != "" {
		kept = append(kept, "GIT_SSH_COMMAND="+ssh)
	}
	return kept
}

// batchMode keeps ssh from asking for passwords, passphrases and host keys.
const batchMode = " -o BatchMode=yes"

// sshCommand is the ssh command for git: the environment's, the configured one, or ssh. "" leaves a
// configured one alone, whose program is not ssh.
func (g *Git) sshCommand(ctx context.Context, gitDir string) (string, error) {
	for _, e := range g.Env {
		if value, ok := strings.CutPrefix(e, "GIT_SSH_COMMAND="); ok && value != "" {
			return withBatchMode(value, value), nil
		}
	}
	res, err := g.run(ctx, gitDir, "", []string{"config", "--get", "core.sshCommand"})
	if err != nil {
		return "", err
	}
	configured := strings.TrimSuffix(string(res.Stdout), "\n")
	if configured == "" {
		return "ssh" + batchMode, nil
	}
	return withBatchMode(configured, ""), nil
}

// withBatchMode adds the option to an ssh command; other is the value for another program.
func withBatchMode(command, other string) string {
	program, _, _ := strings.Cut(strings.TrimSpace(command), " ")
	if filepath.Base(strings.Trim(program, `"'`)) != "ssh" {
		return other
	}
	return command + batchMode
}
