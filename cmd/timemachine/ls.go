package main

import (
	"cmp"
	"context"
	"io"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"timemachine/cmd/timemachine/internal/folderview"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/repo/history"
)

// lsOptions are the argument and the flags of ls.
type lsOptions struct {
	path      string // "": the working directory
	at        string // "": the newest
	recursive bool
	branch    string
}

func (a *app) lsCommand() *cobra.Command {
	var o lsOptions
	cmd := newCommand("ls [PATH]", "list what was in a folder then", lsHelp, atMost(1, "ls takes one path"),
		func(ctx context.Context, words []string) error {
			if len(words) > 0 {
				o.path = words[0]
			}
			return a.ls(ctx, o)
		})
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "", "what was there at `WHEN`: a time, @1 (one version before the newest), a commit")
	f.BoolVarP(&o.recursive, "recursive", "R", false, "also what was in the folders below")
	a.addBranchFlag(cmd, &o.branch)
	return cmd
}

// ls lists what was at a path.
func (a *app) ls(ctx context.Context, o lsOptions) error {
	h, err := a.openHistory(o.branch)
	if err != nil {
		return err
	}
	defer h.Close()
	path, copied, err := a.namedVersion(ctx, h, cmp.Or(o.path, "."))
	if err != nil {
		return err
	}
	at, err := a.stateTime(h, cmp.Or(o.at, copied))
	if err != nil {
		return err
	}
	state, err := a.stateAt(ctx, h, path, at)
	if err != nil {
		return err
	}
	if state.about != "" {
		a.console.Announce(state.about)
	}
	lists := folderview.Listings(path, state.entries, o.recursive)
	if err := readTargets(h, lists); err != nil {
		return err
	}
	return a.paged(ctx, func(w io.Writer) error {
		if a.flags.json {
			return writeRows(w, lists)
		}
		return folderview.WriteListings(w, lists, folderview.ListingText{Zone: a.zone, Colour: a.colours(), Named: o.recursive, Columns: a.screenColumns()})
	})
}

// readTargets reads what the links led to.
func readTargets(h *history.History, lists []folderview.Listing) error {
	for i := range lists {
		for j := range lists[i].Rows {
			r := &lists[i].Rows[j]
			if r.Entry == nil || !r.Entry.Link {
				continue
			}
			src, _, err := h.Content(&r.Entry.Version)
			if err != nil {
				return err
			}
			target, err := io.ReadAll(io.LimitReader(src, unix.PathMax))
			src.Close()
			if err != nil {
				return err
			}
			r.Target = string(target)
		}
	}
	return nil
}

// writeRows writes a line of JSON for each row.
func writeRows(w io.Writer, lists []folderview.Listing) error {
	for i := range lists {
		for j := range lists[i].Rows {
			if err := render.WriteJSONLine(w, folderview.RowJSON(&lists[i].Rows[j])); err != nil {
				return err
			}
		}
	}
	return nil
}
