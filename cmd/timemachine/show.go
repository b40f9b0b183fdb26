package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
)

// showOptions are the flags of show.
type showOptions struct {
	path   string
	at     string // "": the newest
	branch string
	stat   bool
}

func (a *app) showCommand() *cobra.Command {
	var o showOptions
	cmd := newCommand("show PATH [--at WHEN]", "write one version's content to standard output", showHelp, onePath("show"),
		func(ctx context.Context, words []string) error {
			o.path = words[0]
			return a.show(ctx, o)
		})
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&o.at, "at", "", "the version in force at `WHEN`: a time, @1 (one before the newest), a commit")
	cmd.Flags().BoolVar(&o.stat, "stat", false, "only what the version is, and how much it changed")
	a.addBranchFlag(cmd, &o.branch)
	return cmd
}

func onePath(verb string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := needPaths(verb)(cmd, args); err != nil {
			return err
		}
		return atMost(1, verb+" takes one path")(cmd, args)
	}
}

// show writes the content of one version, of any size.
func (a *app) show(ctx context.Context, o showOptions) error {
	h, err := a.openHistory(o.branch)
	if err != nil {
		return err
	}
	defer h.Close()
	e, err := a.versionToShow(ctx, h, o)
	if err != nil {
		return a.explainError(ctx, h, err)
	}
	if o.stat {
		return a.showStat(ctx, h, &e)
	}
	src, size, err := h.Content(&e.Version)
	if err != nil {
		return err
	}
	if _, redacted := h.Redacted(&e.Version); redacted {
		a.console.Announce("the history was rewritten: this is not what was captured then")
	}
	defer src.Close()
	if a.flags.json {
		return a.paged(ctx, func(w io.Writer) error { return render.WriteContent(w, &e, src, size) })
	}
	return a.paged(ctx, func(w io.Writer) error {
		if !a.stdoutTerminal {
			_, err := io.Copy(w, src)
			return err
		}
		text := bufio.NewReaderSize(src, binarySee)
		if start, _ := text.Peek(binarySee); isBinary(start) { // an error comes again
			_, err := fmt.Fprintf(w, "%s is binary, %s\n%s >FILE\n", terminal.Quote(e.Source), render.SizeText(size),
				a.spellOn(h, "show", hint.ShellWord(e.Source), "--at", e.Commit.Short()))
			return err
		}
		out := terminal.NewEscapingWriter(w)
		if _, err := io.Copy(out, text); err != nil {
			return err
		}
		return out.Close()
	})
}

// showStat writes what a version is, and how it differs from the version before.
func (a *app) showStat(ctx context.Context, h *history.History, e *history.Entry) error {
	j := &logJob{app: a, ctx: ctx, h: h, o: logOptions{stat: true, flat: true}}
	if a.flags.json {
		return &usageError{msg: "--stat and --json exclude each other", hint: a.spellOn(h, "log", "--json", hint.ShellWord(e.Source)) + " prints versions as JSON"}
	}
	j.style = a.logStyle("/")
	return a.paged(ctx, func(w io.Writer) error { return j.writeVersion(w, &listed{Entry: *e, back: -1}, true) })
}

func (a *app) versionToShow(ctx context.Context, h *history.History, o showOptions) (history.Entry, error) {
	source, copied, err := a.namedVersion(ctx, h, o.path)
	if err != nil {
		return history.Entry{}, err
	}
	o.at = cmp.Or(o.at, copied)
	var p history.Point
	if o.at != "" {
		if p, err = a.resolvePoint(h, o.at); err != nil {
			return history.Entry{}, err
		}
	}
	e, err := a.versionAt(ctx, h, source, p)
	var absent *history.AbsentError
	if o.at == "" && errors.As(err, &absent) {
		return a.lastBeforeDeletion(ctx, h, absent)
	}
	if err == nil && e.Folder {
		return e, a.folderError(h, source, o.at)
	}
	if err != nil {
		if all, berr := h.Below(ctx, source, p); berr == nil && len(all) > 0 {
			return e, a.folderError(h, source, o.at)
		}
	}
	if err == nil && p.Back > 0 {
		a.console.Notice("at " + render.LocalTime(e.Since, a.zone))
	}
	return e, err
}

// mostRenames is how many names of a file are followed back.
const mostRenames = 100

// versionAt is the version of source at p. If source got its name by a later rename, it is the
// version of the name that it had then.
func (a *app) versionAt(ctx context.Context, h *history.History, source string, p history.Point) (history.Entry, error) {
	e, err := h.At(ctx, source, p)
	old, oldErr := e, err
	var early *history.BeforeError
	if errors.As(err, &early) && p.Back > 0 && !early.Runs {
		old, oldErr = a.versionBeforeRename(ctx, h, early, p.Back)
		err = oldErr
		if err == nil {
			err = early
		}
	}
	for n := 0; errors.As(oldErr, &early) && early.First.RenamedFrom != "" && p.Back == 0 && n < mostRenames; n++ {
		old, oldErr = h.At(ctx, early.First.RenamedFrom, p)
	}
	if err == nil || oldErr != nil {
		return e, err
	}
	a.console.Announce(terminal.Quote(source) + " was " + terminal.Quote(old.Source) + " then")
	return old, nil
}

// versionBeforeRename is the version so many back of a file that has fewer under its name. The
// numbers go on under the names that its content had before, as in the log.
func (a *app) versionBeforeRename(ctx context.Context, h *history.History, early *history.BeforeError, back int) (history.Entry, error) {
	n := early.Count - 1 // of the first version under the name
	last := early.First
	for e, err := range h.Lineage(ctx, &early.First) {
		if err != nil {
			return e, err
		}
		if n == back {
			return e, nil
		}
		last, n = e, n+1
	}
	last.RenamedFrom = ""
	return last, &history.BeforeError{Path: early.Path, First: last, Count: n}
}

// lastBeforeDeletion is the version of a deleted file that show prints without a WHEN.
func (a *app) lastBeforeDeletion(ctx context.Context, h *history.History, absent *history.AbsentError) (history.Entry, error) {
	e, err := h.At(ctx, absent.Path, history.Point{Back: 1})
	if err != nil {
		return e, err
	}
	went, err := a.howItWent(ctx, h, absent.Path, &absent.Deleted)
	if err != nil {
		return e, err
	}
	a.console.Announce(fmt.Sprintf("%s was %s %s; this is its last version", terminal.Quote(absent.Path), went, render.LocalTime(absent.Deleted.Since, a.zone)))
	return e, nil
}

// folderError says that a path was a folder at a WHEN, "" for the newest state.
func (a *app) folderError(h *history.History, source, at string) error {
	msg := terminal.Quote(source) + " is a folder, not a file"
	if at != "" {
		msg = terminal.Quote(source) + " was a folder then, not a file"
	}
	words := []string{"ls", hint.ShellWord(source)}
	if at != "" {
		words = append(words, "--at", hint.ShellWord(at))
	}
	return &failure{msg: msg, hint: a.spellOn(h, words...) + " lists what it holds"}
}
