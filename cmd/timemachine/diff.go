package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/repo/history"
	"timemachine/watch"
	"timemachine/watch/config"
)

// diffOptions are the arguments and flags of diff.
type diffOptions struct {
	path     string
	from, to string // "": the newest version, and the files on disk
	stat     bool
	words    bool
}

func (a *app) diffCommand() *cobra.Command {
	var o diffOptions
	cmd := newCommand("diff PATH [FROM [TO]]", "show what changed between two versions, or since", diffHelp, diffArgs,
		func(ctx context.Context, words []string) error {
			words = append(words, "", "")
			o.path, o.from, o.to = words[0], words[1], words[2]
			return a.diff(ctx, o)
		})
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVar(&o.stat, "stat", false, "only how many lines changed in which file")
	f.BoolVar(&o.words, "word-diff", false, "show changed words within lines: [-removed-]{+added+}")
	return cmd
}

func diffArgs(cmd *cobra.Command, args []string) error {
	if err := needPaths("diff")(cmd, args); err != nil {
		return err
	}
	return atMost(3, "diff takes a path and two versions at most")(cmd, args)
}

// diff prints the differences between two states.
func (a *app) diff(ctx context.Context, o diffOptions) error {
	if o.stat && o.words {
		return &usageError{msg: "--stat and --word-diff exclude each other", hint: usageHint}
	}
	h, err := a.openHistory()
	if err != nil {
		return err
	}
	defer h.Close()
	d := &diffJob{app: a, h: h, ctx: ctx}
	if d.path, err = a.sourcePath(ctx, h, o.path); err != nil {
		return err
	}
	if err := d.resolvePoints(o); err != nil {
		return err
	}
	pairs, err := d.pairs()
	if err != nil {
		return a.explainError(ctx, h, err)
	}
	return a.paged(ctx, func(w io.Writer) error {
		switch {
		case a.flags.json:
			document, err := render.DiffJSON(d.path, d.comparisons(pairs), o.words, a.zone)
			if err != nil {
				return err
			}
			return render.WriteJSON(w, document)
		case o.stat:
			return render.WriteDiffStat(w, d.comparisons(pairs))
		}
		return render.WriteDiff(w, d.comparisons(pairs), render.DiffStyle{Colour: a.colours(), Terminal: a.stdoutTerminal, Words: o.words, Zone: a.zone})
	})
}

// diffJob is one diff in progress.
type diffJob struct {
	app      *app
	h        *history.History
	ctx      context.Context
	path     string
	from, to history.Point
	live     bool // to is the files on disk
	owners   watch.OwnerNames
	watched  *config.Config // nil: not read yet
}

func (d *diffJob) resolvePoints(o diffOptions) error {
	var err error
	if o.from != "" {
		if d.from, err = d.app.resolvePoint(d.h, o.from); err != nil {
			return err
		}
	}
	if d.live = o.to == ""; d.live {
		return nil
	}
	d.to, err = d.app.resolvePoint(d.h, o.to)
	return err
}
