package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/watch"
	"timemachine/watch/config"
)

// tell logs a line about the watch itself, and prints it on a terminal, or into the journal of a
// service manager.
func (w *watcher) tell(text string) {
	w.journal.Info(text)
	if w.env("JOURNAL_STREAM") != "" {
		w.console.Announce(text)
	} else {
		w.console.Notice(text)
	}
}

// greet says once, before the first look, what is watched.
func (w *watcher) greet(c *config.Config, dest string) {
	if w.greeted {
		return
	}
	w.greeted = true
	text := fmt.Sprintf("watching %s of %s, recording to %s", countEntries(len(c.Entries)), terminal.Quote(w.place.config), terminal.Quote(dest))
	if w.console.Terminal {
		text += "; Ctrl-C ends it"
	}
	w.tell(text)
}

func countEntries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprint(n, " entries")
}

// sayBegun says after the first look at everything what it has met, and how changes are seen from
// now on.
func (w *watcher) sayBegun(events string, interval time.Duration) {
	if w.greeted {
		w.tell(fmt.Sprintf("%s watched: each change is recorded when it has rested (%s); all is looked at each %s", render.Count(w.files, "file"), events, age(interval)))
	}
}

// sayEnd says why the watch ends.
func (w *watcher) sayEnd(ctx context.Context, err error) {
	why := context.Cause(ctx)
	if why == nil {
		why = err
	}
	w.mute = true // with its terminal closed, too
	w.tell("watch ends: " + render.FirstLine(why))
}

// keepOnWithoutReader keeps the watch going when what it prints can no longer be written, since the
// program that reads it has ended, or the terminal is closed. A line in the log says so. Where a
// closed terminal ends the watch, its hangup does.
func (w *watcher) keepOnWithoutReader() (end func()) {
	pipe := make(chan os.Signal, 1) // else the system ends the process
	signal.Notify(pipe, syscall.SIGPIPE)
	w.console.Failed = func(err error) {
		if !w.mute {
			w.mute = true
			w.journal.Warn("messages can no longer be printed; watch goes on, and this log has them", "cause", durable.Reason(err))
			w.log.Flush()
		}
	}
	return func() { signal.Stop(pipe) }
}

// runPresent makes a run, and notes in the destination that this watch is running.
func (w *watcher) runPresent(ctx context.Context, p *place, rep *runReport, o watch.RunOptions) (*watch.Summary, error) {
	r, err := w.openRepo(p, false)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if o.Part == nil {
		if err := w.presence.note(r.State()); err != nil {
			w.journal.Debug("status cannot learn of this watch", "cause", durable.Reason(err))
		}
	}
	return w.runIn(ctx, r, p, rep, o)
}
