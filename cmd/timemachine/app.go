package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/user"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/journal"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/watch/config"
)

// app is one execution: all that it reads from outside, and what the commands share.
type app struct {
	args           []string // without the program's own name
	stdin          io.Reader
	stdout         io.Writer
	stderr         io.Writer
	stderrTerminal bool // standard error is a terminal
	stdoutTerminal bool // standard output is a terminal
	stdinTerminal  bool // standard input is a terminal
	columns        int  // of the terminal that standard output is; 0: unknown
	errColumns     int  // of the terminal that standard error is; 0: unknown, or none
	spelled        hint.Spelled
	lookup         func(string) (string, bool)
	now            func() time.Time
	zone           *time.Location
	dir            string // the working directory; "" if unknown
	uid            int
	account        account
	rootFolders    setupFolders // of root's setup
	interrupted    <-chan struct{}
	program        string // the path of this program
	host           string
	hangups        *hangups
	boot           string // identifies this start of the machine; "" if unknown

	flags   globalFlags
	command string // the name of the command that runs; "timemachine" without one
	started bool   // the command runs: later errors are not about usage
	console *terminal.Console
	journal *slog.Logger
	log     *journal.File // nil until a place is known
	memory  *memory       // nil until a place is known

	helpError error // of printing help, for which cobra has no place

	actionsMu sync.Mutex
	actions   map[string]int // actions of each message since the process began
}

// account is the running user, as the user database of the system describes it.
type account struct {
	login string
	name  string
	home  string
}

func systemApp() *app {
	dir, _ := os.Getwd()
	host, _ := os.Hostname()
	columns, _, _ := term.GetSize(int(os.Stdout.Fd()))
	errColumns, _, _ := term.GetSize(int(os.Stderr.Fd()))
	return &app{
		args:           os.Args[1:],
		stdin:          os.Stdin,
		stdout:         os.Stdout,
		stderr:         os.Stderr,
		stderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		stdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		stdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		columns:        columns,
		errColumns:     errColumns,
		lookup:         os.LookupEnv,
		now:            time.Now,
		zone:           time.Local,
		boot:           bootID(),
		dir:            dir,
		uid:            os.Geteuid(),
		account:        systemAccount(),
		rootFolders:    rootFolders,
		program:        programPath(),
		host:           host,
	}
}

func systemAccount() account {
	u, err := user.LookupId(strconv.Itoa(os.Geteuid()))
	if err != nil {
		return account{login: "uid" + strconv.Itoa(os.Geteuid())}
	}
	return account{login: u.Username, name: u.Name, home: u.HomeDir}
}

// execute runs the command line and returns the exit status.
func (a *app) execute(ctx context.Context) int {
	a.interrupted = ctx.Done()
	a.console = terminal.NewConsole(a.stderr, terminal.ConsoleOptions{Columns: a.errColumns, Whole: a.spelled.Commands})
	a.journal = slog.New(slog.DiscardHandler)
	root := a.rootCommand()
	root.SetArgs(rewriteArgs(spellOutLimit(root, separateGit(allFlags(root), a.args))))
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = a.helpError
	}
	if err != nil && !a.started {
		err = asUsage(err)
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = a.interruptedError()
	}
	a.printError(err)
	a.closeFiles()
	return exitStatus(err)
}

// printError prints the error that ended the command, and its hint.
func (a *app) printError(err error) {
	var named status
	if err == nil || errors.As(err, &named) {
		return
	}
	a.journal.Error(err.Error())
	a.console.Error(err.Error())
	a.console.Hint(a.hintOf(err))
}

// env is the value of an environment variable. An empty variable counts as unset.
func (a *app) env(name string) string {
	v, _ := a.lookup(name)
	return v
}

// home is the user's folder: HOME, or the one in the user database, since cron and env -i may leave
// HOME out.
func (a *app) home() string {
	if h := a.env("HOME"); h != "" {
		return h
	}
	return a.account.home
}

func (a *app) watchEnv() config.Env {
	return config.Env{Lookup: a.lookup, Home: a.home(), UID: a.uid}
}

func (a *app) identity() repo.Identity {
	name := a.account.name
	if name == "" {
		name = a.account.login
	}
	return repo.Identity{Name: name, Email: a.account.login + "@" + a.host}
}

// bootID identifies the current start of the machine on Linux (random(4)); "" elsewhere.
func bootID() string {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b))
}
