package main

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/when"
)

// logOptions are the flags of log.
type logOptions struct {
	path    string // "": everything
	since   string
	until   string
	limit   int
	none    bool // the limit is 0, and was given
	events  []string
	deleted bool
	strict  bool // no renames
	branch  string
}

func (a *app) logCommand() *cobra.Command {
	var o logOptions
	var cmd *cobra.Command
	cmd = newCommand("log [PATH]", "list versions, newest first", logHelp, atMost(1, "log takes one path"),
		func(ctx context.Context, words []string) error {
			if len(words) > 0 {
				o.path = words[0]
			}
			o.none = o.limit == 0 && cmd.Flags().Changed("limit")
			return a.logVersions(ctx, o)
		})
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.since, "since", "", "only versions in force from `WHEN` on")
	f.StringVar(&o.until, "until", "", "only versions in force before `WHEN`; a day is included")
	f.IntVarP(&o.limit, "limit", "n", 0, "at most `N` versions")
	f.StringSliceVar(&o.events, "event", nil, "only `EVENT`: added, modified, touched, metadata, deleted, type-changed (repeatable)")
	f.BoolVar(&o.deleted, "deleted", false, "only what is deleted now: the deletions, newest first")
	f.BoolVar(&o.strict, "no-renames", false, "stop where a file got its name")
	a.addBranchFlag(cmd, &o.branch)
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc("event", cobra.FixedCompletions(
		[]string{"added", "modified", "touched", "metadata", "deleted", "type-changed"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// atMost is the argument check of commands that take n words or fewer.
func atMost(n int, msg string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return &usageError{msg: msg + ", not " + terminal.InQuotes(args[n]) + " too", hint: spell(cmd.Use)}
		}
		return nil
	}
}

// logVersions prints the versions of a path, or of everything.
func (a *app) logVersions(ctx context.Context, o logOptions) error {
	list, err := a.logRange(o)
	if err != nil {
		return err
	}
	h, err := a.openHistory(o.branch)
	if err != nil {
		return err
	}
	defer h.Close()
	if o.path != "" {
		if list.Path, err = a.sourcePath(ctx, h, o.path); err != nil {
			return err
		}
	}
	var still func(source string) (bool, error)
	if o.deleted {
		list.Events = []record.Event{record.Deleted}
		still = h.Present
	}
	err = a.paged(ctx, func(w io.Writer) error {
		if o.none { // as git does it; other errors are reported all the same
			w, list.Limit = io.Discard, 1
		}
		return a.writeLog(ctx, w, h, list, still)
	})
	return a.explainError(ctx, h, err)
}

// logRange are the options that narrow a log, from its flags.
func (a *app) logRange(o logOptions) (history.LogOptions, error) {
	list := history.LogOptions{Limit: o.limit, Follow: !o.strict}
	if o.limit < 0 {
		return list, &usageError{msg: "--limit " + strconv.Itoa(o.limit) + " is below 0", hint: usageHint}
	}
	for _, word := range o.events {
		e := record.Event(word)
		if !e.Valid() {
			return list, &usageError{msg: "no event " + terminal.InQuotes(word), hint: "added, modified, touched, metadata, deleted or type-changed"}
		}
		list.Events = append(list.Events, e)
	}
	if o.deleted && len(o.events) > 0 {
		return list, &usageError{msg: "--deleted and --event exclude each other", hint: usageHint}
	}
	var err error
	if list.Since, err = a.boundTime("since", o.since); err == nil {
		list.Until, err = a.boundTime("until", o.until)
	}
	return list, err
}

// boundTime is the time that the WHEN of --since or --until means; zero for "". For --until, a
// whole day means its end.
func (a *app) boundTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	w, err := a.parseWhen(text)
	if err != nil {
		return time.Time{}, err
	}
	if w.Kind != when.Moment {
		return time.Time{}, &usageError{msg: "--" + flag + " " + terminal.InQuotes(text) + " is no time", hint: whenHint}
	}
	if flag == "until" && !w.End.IsZero() {
		w.Time = w.End
	}
	a.announceWhen(flag, w)
	return w.Time, nil
}

// writeLog writes one line for each version, as text or JSON. If still is given, it lists only the
// sources for which still is false, each once.
func (a *app) writeLog(ctx context.Context, w io.Writer, h *history.History, o history.LogOptions, still func(string) (bool, error)) error {
	limit := o.Limit
	if still != nil {
		o.Limit = 0
	}
	told := map[string]bool{}
	n := 0
	for e, err := range h.Log(ctx, o) {
		if err != nil {
			return err
		}
		if still != nil {
			there, err := still(e.Source)
			if err != nil {
				return err
			}
			if there || told[e.Source] {
				continue
			}
			told[e.Source] = true
		}
		if err := a.writeEntry(w, &e); err != nil {
			return err
		}
		if n++; n == limit {
			break
		}
	}
	if n == 0 && !a.flags.json {
		a.console.Notice("no versions in that range")
	}
	return nil
}

func (a *app) writeEntry(w io.Writer, e *history.Entry) error {
	if a.flags.json {
		return render.WriteJSONLine(w, render.EntryJSON(e))
	}
	if _, err := io.WriteString(w, render.EntryLine(e, a.zone, a.colours())+"\n"); err != nil {
		return err
	}
	if b, ok := w.(*bufio.Writer); ok && a.stdoutTerminal {
		return b.Flush()
	}
	return nil
}
