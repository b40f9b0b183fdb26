package main

import (
	"cmp"
	"context"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/when"
)

// logOptions are the flags of log.
type logOptions struct {
	path     string // "": everything
	since    string
	until    string
	limit    int
	none     bool // the limit is 0, and was given
	events   []string
	deleted  bool
	strict   bool // no renames
	branch   string
	reverse  bool
	flat     bool
	runs     bool
	patch    bool
	stat     bool
	oneline  bool
	format   string
	text     string // that came in or went
	textSet  bool
	lines    string // a regular expression of such lines
	linesSet bool
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
			o.textSet, o.linesSet = cmd.Flags().Changed("with-text"), cmd.Flags().Changed("with-line")
			if cmd.Flags().Changed("format") && o.format == "" {
				return &usageError{msg: "--format is empty", hint: "give it a value, or leave it out"}
			}
			return a.logVersions(ctx, o)
		})
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.since, "since", "", "only versions in force from `WHEN` on")
	f.StringVar(&o.until, "until", "", "only versions in force before `WHEN`; a day is included")
	f.IntVarP(&o.limit, "limit", "n", 0, "at most `N` versions, with --runs N runs; also -5")
	f.StringSliceVar(&o.events, "event", nil, "only `EVENT`: added, modified, touched, metadata, deleted, type-changed, restored (repeatable)")
	f.BoolVar(&o.deleted, "deleted", false, "only what is deleted now, without what was renamed: the deletions, newest first")
	f.BoolVar(&o.strict, "no-renames", false, "stop where a file got its name")
	f.StringVarP(&o.text, "with-text", "S", "", "only versions that hold `TEXT` more or less often than the version before")
	f.StringVarP(&o.lines, "with-line", "G", "", "only versions in which a line was added or removed that matches `REGEXP`")
	f.BoolVarP(&o.patch, "patch", "p", false, "after each version, its difference from the version before")
	f.BoolVar(&o.stat, "stat", false, "after each version, how many lines changed")
	f.BoolVar(&o.runs, "runs", false, "a line for each run")
	f.BoolVar(&o.flat, "flat", false, "a line for each version, also on a terminal")
	f.BoolVar(&o.reverse, "reverse", false, "oldest first, of those that would be listed")
	f.BoolVar(&o.oneline, "oneline", false, "the commit and what happened, as git log does")
	f.StringVar(&o.format, "format", "", "the commits in a `FORMAT` of git log: '%h %ad %s'")
	a.addBranchFlag(cmd, &o.branch)
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc("event", cobra.FixedCompletions(
		[]string{"added", "modified", "touched", "metadata", "deleted", "type-changed", "restored"}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// atMost is the argument check of commands that take n words or fewer.
func atMost(n int, msg string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return &usageError{msg: msg + ", not " + terminal.InQuotes(args[n]) + " too", hint: cmp.Or(whenAdvice(cmd, args, n), spellAs(cmd, cmd.Use))}
		}
		return nil
	}
}

// whenAdvice is the command with a WHEN behind its path where a flag takes it; "" where the
// argument n is none, or the command takes none.
func whenAdvice(cmd *cobra.Command, args []string, n int) string {
	if n != 1 || len(args) != 2 || !isWhen(args[1]) {
		return ""
	}
	path, at := hint.ShellWord(args[0]), hint.ShellWord(args[1])
	switch {
	case cmd.Flag("at") != nil:
		return spellAs(cmd, cmd.Name(), path, "--at", at)
	case cmd.Flag("since") == nil:
		return ""
	case isMoment(args[1]):
		return spellAs(cmd, cmd.Name(), path, "--since", at)
	}
	return spellAs(cmd, "diff", path, at) + " shows what changed since then"
}

// logVersions prints the versions of a path, or of everything.
func (a *app) logVersions(ctx context.Context, o logOptions) error {
	j := &logJob{app: a, ctx: ctx, o: o}
	var err error
	if j.list, err = a.logRange(o); err == nil {
		err = j.checkViews()
	}
	if err != nil {
		return err
	}
	if j.h, err = a.openHistory(o.branch); err != nil {
		return err
	}
	defer j.h.Close()
	if o.path != "" {
		if j.list.Path, err = a.sourcePath(ctx, j.h, o.path); err != nil {
			return err
		}
	}
	j.list.Gone = o.deleted
	err = a.paged(ctx, func(w io.Writer) error {
		if o.none { // as git does it; other errors are reported all the same
			w, j.o.limit = io.Discard, 1
		}
		return j.write(w)
	})
	return a.explainError(ctx, j.h, err)
}

// logRange are the options that narrow a log, from its flags.
func (a *app) logRange(o logOptions) (history.LogOptions, error) {
	list := history.LogOptions{Follow: !o.strict}
	if o.limit < 0 {
		return list, &usageError{msg: "--limit " + strconv.Itoa(o.limit) + " is below 0", hint: usageHint}
	}
	for _, word := range o.events {
		e := record.Event(word)
		if !e.Valid() {
			return list, &usageError{msg: "no event " + terminal.InQuotes(word), hint: "added, modified, touched, metadata, deleted, type-changed or restored"}
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
