package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/watch"
	"timemachine/watch/config"
	"timemachine/watch/daemon"
	"timemachine/watch/daemon/events"
	"timemachine/watch/disk"
)

// watchOptions are the flags of watch.
type watchOptions struct {
	interval time.Duration
	settle   time.Duration
	events   string
}

// The limits of the flags. A shorter interval would leave no time between the looks.
const (
	leastInterval = time.Second
	mostSettle    = 5 * time.Second
)

func (a *app) watchCommand() *cobra.Command {
	var o watchOptions
	cmd := newCommand("watch", "stay running: commit each change when it has rested", watchHelp, noArgs,
		func(ctx context.Context, _ []string) error { return a.watch(ctx, o) })
	f := cmd.Flags()
	f.DurationVar(&o.interval, "interval", time.Minute, "look at everything each `TIME`")
	f.DurationVar(&o.settle, "settle", 500*time.Millisecond, "commit a file when it has not changed for this `TIME`")
	f.StringVar(&o.events, "events", string(events.Auto), "where events come from: `SOURCE` is auto, fanotify, inotify or none")
	return cmd
}

// check refuses flags that cannot be meant.
func (o *watchOptions) check() error {
	switch {
	case o.interval < leastInterval:
		return &usageError{msg: fmt.Sprintf("--interval is at least %v", leastInterval)}
	case o.settle < 0 || o.settle > mostSettle:
		return &usageError{msg: fmt.Sprintf("--settle is between 0s and %v", mostSettle)}
	}
	switch events.Kind(o.events) {
	case events.Auto, events.Fanotify, events.Folders, events.None:
		return nil
	}
	return &usageError{msg: "--events " + terminal.InQuotes(o.events) + " is no source of events", hint: "auto, fanotify, inotify or none"}
}

// watcher is a watch at work.
type watcher struct {
	*app
	place *place

	failed string    // why the last look failed; "": it did not
	told   time.Time // when that was printed

	presence *presence // this watch, for status
	greeted  bool      // what it watches was told
	files    int       // that the last look at everything met
	mute     bool      // it was logged that messages cannot be printed
}

// watch stays running until a signal ends it.
func (a *app) watch(ctx context.Context, o watchOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	p, c, err := a.openPlace()
	if err == nil && c == nil {
		_, err = a.createConfig(p, "an empty watch list; "+a.spell("add", "PATH…")+" adds to it")
	}
	if err != nil {
		return err
	}
	w := &watcher{app: a, place: p, presence: newPresence(p.config, a.now(), o.interval)}
	defer w.keepOnWithoutReader()()
	a.journal.Info("watch begins", "version", buildVersion().Version, "configuration", p.config, "interval", o.interval, "settle", o.settle)
	a.log.Flush()
	err = daemon.Run(ctx, daemon.Options{
		Interval: o.interval, Settle: o.settle, Events: events.Kind(o.events),
		Load: w.load, Signature: w.signature, Look: w.look, Reload: a.hangups.take(), Idle: w.rest, Begun: func(events string) { w.sayBegun(events, o.interval) },
		Notify: a.env("NOTIFY_SOCKET"), Watchdog: a.watchdog(), Report: w,
	})
	w.sayEnd(ctx, err)
	return err
}

// watchdog is how often the service manager expects a sign of life of this process
// (sd_watchdog_enabled(3)); 0: never.
func (a *app) watchdog() time.Duration {
	if pid := a.env("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	n, err := strconv.ParseInt(a.env("WATCHDOG_USEC"), 10, 64)
	if err != nil || n <= 0 {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}

// load reads the configuration.
func (w *watcher) load() (*daemon.Setting, error) {
	p := *w.place
	text, _ := config.Read(p.config, w.watchEnv()) // existingConfig says what is wrong with it
	c, err := w.existingConfig(&p)
	if err == nil {
		err = w.setDestination(&p, c)
	}
	if err != nil {
		return nil, err
	}
	return &daemon.Setting{Config: c, Text: string(text), Dest: p.dest, Own: w.own(&p)}, nil
}

// signature is another one when the configuration was changed or replaced, or a link or folder
// above it.
func (w *watcher) signature() string {
	st, err := disk.StatAt(unix.AT_FDCWD, w.place.config, 0)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(st)
}

// look makes a run, as the command run does.
func (w *watcher) look(ctx context.Context, l daemon.Look) (daemon.Result, error) {
	p := *w.place
	p.dest = l.Setting.Dest
	if len(l.Setting.Config.Entries) == 0 {
		return daemon.Result{}, w.lookAtNothing(&p, l.Setting.Config)
	}
	w.beginLook(l.Part != nil)
	w.greet(l.Setting.Config, p.dest)
	rep := w.newRunReport(w.memory)
	rep.watching, rep.part = true, l.Part != nil
	s, err := w.runPresent(ctx, &p, rep, watch.RunOptions{Config: l.Setting.Config, Part: l.Part, Watch: l.Watch})
	if errors.Is(err, repo.ErrBusy) {
		return daemon.Result{Busy: true}, nil
	}
	if err != nil {
		if ctx.Err() == nil {
			w.memory.noteFailed(p.dest, err)
			w.endLook(true)
		}
		return daemon.Result{}, err
	}
	if w.failed != "" {
		w.failed = ""
		w.Say("runs work again")
	}
	if l.Part == nil {
		w.files = s.Sources
		w.memory.noteEnded(p.dest)
	}
	w.endLook(l.Part == nil || s.Problems > 0)
	return daemon.Result{Versions: s.Versions, Problems: s.Problems, Undecided: s.Undecided}, nil
}

// beginLook recalls what was told before. A look at some paths counts as part of the last one at
// everything: what that one told is no news.
func (w *watcher) beginLook(part bool) {
	w.memory = w.recall(w.place.config)
	if part && !w.memory.LastRun.IsZero() {
		w.memory.now = w.memory.LastRun
	}
	if !part { // a log that could not be written is tried again
		w.closeLog()
		w.openJournal(w.place.journal)
		w.actionsMu.Lock()
		w.actions = nil
		w.actionsMu.Unlock()
	}
}

// endLook writes the lines of the log, and what was told.
func (w *watcher) endLook(save bool) {
	w.log.Flush()
	if !save {
		return
	}
	if err := w.memory.save(); err != nil {
		w.journal.Debug("state file is not written", "file", w.memory.file, "cause", durable.Reason(err))
	}
}

// rest gives memory back to the system: the next look may be far away.
func (w *watcher) rest() { debug.FreeOSMemory() }

// Warn logs a warning and prints it.
func (w *watcher) Warn(text, advice string) {
	w.journal.Warn(text)
	w.console.Warn(text)
	w.console.Hint(advice)
}

// Say logs a line and prints it.
func (w *watcher) Say(text string) {
	w.journal.Info(text)
	w.console.Announce(text)
}

// Log logs an action.
func (w *watcher) Log(msg string, args ...any) { w.journal.Debug(msg, args...) }

// Failed logs and prints why a look failed. What has failed for the same reason just before is
// printed again after a day.
func (w *watcher) Failed(err error) {
	text := err.Error()
	if text == w.failed && w.now().Sub(w.told) < repeatAfter {
		return
	}
	w.failed, w.told = text, w.now()
	w.journal.Error(text)
	w.log.Flush()
	w.console.Error(text)
	w.console.Hint(w.hintOf(err))
}
