package main

import (
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/watch/config"
	"timemachine/watch/disk"
)

// diffOptions are the arguments and flags of diff.
type diffOptions struct {
	path     string
	from, to string // "": the newest version, and the files on disk
	branches []string
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
	f.StringArrayVarP(&o.branches, "branch", "b", nil, branchUsage+"; twice: compare two branches")
	a.completeBranchFlag(cmd)
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
	d := &diffJob{app: a, ctx: ctx, folders: o.stat && !a.flags.json}
	defer d.close()
	if err := d.open(o.branches); err != nil {
		return err
	}
	copied, err := d.findPath(o.path)
	if err != nil {
		return err
	}
	o.from = cmp.Or(o.from, copied)
	if err := d.resolvePoints(o); err != nil {
		return err
	}
	pairs, err := d.pairs()
	if err != nil {
		return a.explainError(ctx, d.h, err)
	}
	err = a.paged(ctx, func(w io.Writer) error {
		switch {
		case a.flags.json:
			document, err := render.DiffJSON(d.path, d.comparisons(pairs), o.words, a.zone)
			if err != nil {
				return err
			}
			return render.WriteJSON(w, document)
		case o.stat:
			return render.WriteDiffStat(w, d.comparisons(pairs), a.textColumns())
		}
		return render.WriteDiff(w, d.comparisons(pairs), render.DiffStyle{Colour: a.colours(), Columns: a.textColumns(), Words: o.words, Zone: a.zone})
	})
	return cmp.Or(err, partialStatus(d.unread))
}

// diffJob is one diff in progress.
type diffJob struct {
	app      *app
	h        *history.History
	toH      *history.History // of another branch, to which the first is compared; else h
	ctx      context.Context
	path     string
	from, to history.Point
	live     bool // to is the files on disk
	folders  bool // that came or went count also where they hold files, as log counts them
	owners   disk.OwnerNames
	watched  *config.Config // nil: not read yet

	unread    int    // files that could not be compared, and are named
	announced string // what was said last of what a state lacks
}

// open opens the history of one branch or two; none stands for the recorded one.
func (d *diffJob) open(branches []string) (err error) {
	if slices.Contains(branches, "") {
		return &usageError{msg: "--branch is empty", hint: "give it a value, or leave it out"}
	}
	if len(branches) > 2 {
		return &usageError{msg: "diff compares two branches at most", hint: usageHint}
	}
	first := ""
	if len(branches) > 0 {
		first = branches[0]
	}
	if d.h, err = d.app.openHistory(first); err != nil {
		return err
	}
	if d.toH = d.h; len(branches) == 2 {
		d.toH, err = d.app.openHistory(branches[1])
	}
	return err
}

// close closes what open has opened.
func (d *diffJob) close() {
	if d.isAcross() && d.toH != nil {
		d.toH.Close()
	}
	if d.h != nil {
		d.h.Close()
	}
}

// isAcross tells whether two branches are compared.
func (d *diffJob) isAcross() bool { return d.toH != d.h }

// findPath finds the source that a PATH means on one of the branches, and the version to compare
// where PATH is a copy of it: a WHEN, else "". Two branches are compared at one time, not at one
// version of a file.
func (d *diffJob) findPath(word string) (copied string, err error) {
	if d.path, copied, err = d.app.namedVersion(d.ctx, d.h, word); err != nil || !d.isAcross() {
		return copied, err
	}
	if known, err := d.h.KnownWithoutSearch(d.path); known || err != nil {
		return "", err
	}
	d.path, err = d.app.sourcePath(d.ctx, d.toH, word)
	return "", err
}

// resolvePoints finds the two states. Of two branches, one WHEN counts for both.
func (d *diffJob) resolvePoints(o diffOptions) (err error) {
	if o.from != "" {
		if d.from, err = d.app.resolvePoint(d.h, o.from); err != nil {
			return err
		}
	}
	if d.isAcross() && o.to == "" {
		if d.to = d.from; !d.to.Commit.IsZero() {
			return &usageError{msg: terminal.InQuotes(o.from) + " is a commit of one branch", hint: "give one for each branch, or a time for both"}
		}
		return nil
	}
	if d.live = o.to == ""; d.live {
		return nil
	}
	d.to, err = d.app.resolvePoint(d.toH, o.to)
	return err
}
