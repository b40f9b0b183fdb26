package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// paged runs show with a writer that leads to standard output; on a terminal through the user's pager: $PAGER, else less.
// No git configuration is asked: a repository is data, and must not choose a program to run.
func (a *app) paged(ctx context.Context, show func(w io.Writer) error) error {
	if a.screen && !a.flags.json {
		if pager := a.pager(); pager != "" && pager != "cat" {
			return a.throughPager(ctx, pager, show)
		}
	}
	w := bufio.NewWriterSize(a.stdout, 64<<10)
	err := show(w)
	if ferr := w.Flush(); err == nil {
		err = ferr
	}
	return err
}

// pager is the user's choice; set to nothing it means none, as with git.
func (a *app) pager() string {
	if p, set := a.lookup("PAGER"); set {
		return p
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less"
}

// throughPager gives the pager what show writes. A pager that is quit before the end is no error.
func (a *app) throughPager(ctx context.Context, pager string, show func(w io.Writer) error) error {
	cmd := exec.Command("sh", "-c", pager)
	cmd.Env = append(os.Environ(), a.pagerSettings()...)
	cmd.Stdout, cmd.Stderr = a.stdout, a.stderr
	pipe, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return &failure{msg: "pager " + quote(pager) + ": " + cause(err), hint: "PAGER=cat does without", err: err}
	}
	w := bufio.NewWriter(pipe)
	err = show(w)
	if err == nil {
		err = w.Flush()
	}
	if errors.Is(err, syscall.EPIPE) || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	_ = pipe.Close() // a pager that has gone closed it already
	_ = cmd.Wait()   // its exit status says nothing of ours
	return err
}

// pagerSettings are less's and lv's options, as git sets them, where the user has none.
func (a *app) pagerSettings() []string {
	var env []string
	for name, value := range map[string]string{"LESS": "FRX", "LV": "-c"} {
		if _, set := a.lookup(name); !set {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// colours tells whether results may be coloured.
func (a *app) colours() bool {
	return a.screen && !a.flags.json && !a.flags.noColor && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb"
}
