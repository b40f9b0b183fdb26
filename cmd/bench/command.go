package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// cost is the time and memory that one command or several took.
type cost struct {
	elapsed time.Duration
	rss     int64 // peak of the largest, in bytes
}

func (c cost) plus(o cost) cost { return cost{c.elapsed + o.elapsed, max(c.rss, o.rss)} }

// command is a program that runs to its end.
type command struct {
	dir   string
	stdin func(io.Writer) error // fills standard input; nil: none
	args  []string
}

// run runs a command that must succeed. An error holds what the command printed.
func (b *bench) run(c command) (cost, error) {
	report, out, err := b.spawn(c)
	if err != nil {
		return cost{}, fmt.Errorf("%s: %w\n%s", strings.Join(c.args, " "), err, bytes.TrimSpace(out))
	}
	var got cost
	_, err = fmt.Fscanf(bytes.NewReader(report), launchReport, &got.elapsed, &got.rss)
	return got, err
}

// spawn starts c through a launcher, in a process group of its own that ends with the context.
func (b *bench) spawn(c command) (report, out []byte, err error) {
	if err := b.ctx.Err(); err != nil {
		return nil, nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	var printed bytes.Buffer
	cmd := exec.CommandContext(b.ctx, b.program, append([]string{launchFlag}, c.args...)...)
	cmd.Dir, cmd.Env, cmd.ExtraFiles = c.dir, b.environment, []*os.File{w}
	if len(c.args) > 0 && c.args[0] != "find" {
		cmd.Stdout = &printed // find's output goes to the null device
	}
	cmd.Stderr = &printed
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	feed, err := feeder(cmd, c.stdin)
	if err != nil {
		return nil, nil, err
	}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return nil, nil, err
	}
	fed := feed()
	err = cmd.Wait()
	if err == nil {
		err = fed
	}
	report, _ = io.ReadAll(r)
	return report, printed.Bytes(), err
}

// feeder gives cmd a pipe as standard input, and returns the function that fills the pipe.
func feeder(cmd *exec.Cmd, fill func(io.Writer) error) (func() error, error) {
	if fill == nil {
		return func() error { return nil }, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	enlarge(w)
	cmd.Stdin = r
	return func() error {
		r.Close()
		err := fill(w)
		if cerr := w.Close(); err == nil {
			err = cerr
		}
		return err
	}, nil
}

// git runs git in dir, once for each list of arguments, and returns the sum of the costs.
func (b *bench) git(dir string, lists ...[]string) (cost, error) {
	var sum cost
	for _, args := range lists {
		got, err := b.run(command{dir: dir, args: append([]string{"git"}, args...)})
		if err != nil {
			return sum, err
		}
		sum = sum.plus(got)
	}
	return sum, nil
}

// output is what git prints in dir.
func (b *bench) output(dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(b.ctx, "git", args...)
	cmd.Dir, cmd.Env = dir, b.environment
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return strings.TrimSpace(string(out)), nil
}
