package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/blameview"
	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/textdiff"
)

// blameOptions are the argument and the flags of blame.
type blameOptions struct {
	showOptions
	ranges []string // none: all lines
}

func (a *app) blameCommand() *cobra.Command {
	var o blameOptions
	cmd := newCommand("blame PATH [--at WHEN]", "tell which version each line came in with", blameHelp, onePath("blame"),
		func(ctx context.Context, words []string) error {
			o.path = words[0]
			return a.blame(ctx, o)
		})
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.at, "at", "", "the lines of the version in force at `WHEN`: a time, @1 (one before the newest), a commit")
	f.StringArrayVarP(&o.ranges, "lines", "L", nil, "only the lines of `START,END`, as for git blame: 10,20  10,+5  /re/,/re/ (repeatable)")
	a.addBranchFlag(cmd, &o.branch)
	return cmd
}

// blame prints the lines of a version, each with the version that it came in with.
func (a *app) blame(ctx context.Context, o blameOptions) error {
	h, err := a.openHistory(o.branch)
	if err != nil {
		return err
	}
	defer h.Close()
	e, err := a.versionToShow(ctx, h, o.showOptions)
	if err != nil {
		return a.explainError(ctx, h, err)
	}
	lines, err := a.linesToBlame(h, &e)
	if err != nil {
		return err
	}
	wanted, err := blameview.Ranges(o.ranges, lines)
	if err != nil {
		return &usageError{msg: err.Error(), hint: "see " + spell("help", "blame")}
	}
	b, err := originsOf(ctx, h, &e, lines, wanted)
	if err != nil {
		return err
	}
	return a.paged(ctx, func(w io.Writer) error {
		if a.flags.json {
			return render.WriteJSON(w, b.JSON())
		}
		if err := b.Write(w, blameview.Style{Zone: a.zone, Colour: a.colours(), Terminal: a.stdoutTerminal}); err != nil {
			return err
		}
		v := b.Newest()
		if !a.stdoutTerminal || v == nil {
			return nil
		}
		id := v.Commit.Short()
		_, err := fmt.Fprintf(w, "\nbefore %s: %s\n", id, a.spellOn(h, "show", hint.ShellWord(v.Source), "--at", hint.ShellWord(id+"^")))
		return err
	})
}

// errTooLarge says that a version is too large to be compared line by line.
var errTooLarge = errors.New("over the size that is compared line by line")

// linesToBlame are the lines of the version that is asked for.
func (a *app) linesToBlame(h *history.History, e *history.Entry) ([]string, error) {
	body, err := contentToCompare(h, &e.Version)
	if errors.Is(err, errTooLarge) {
		return nil, &failure{msg: terminal.Quote(e.Source) + " is over 16 MiB: its lines are not compared", hint: a.spellOn(h, "log", hint.ShellWord(e.Source)) + " lists its versions"}
	}
	if err == nil && isBinary(body) {
		return nil, &failure{msg: "binary file " + terminal.Quote(e.Source) + " has no lines", hint: a.spellOn(h, "log", hint.ShellWord(e.Source)) + " lists its versions"}
	}
	return textdiff.Split(string(body)), err
}

// contentToCompare reads a version whole. The error is errTooLarge for one over render.MaxText.
func contentToCompare(h *history.History, v *record.Version) ([]byte, error) {
	src, size, err := h.Content(v)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	if size > render.MaxText {
		return nil, errTooLarge
	}
	return io.ReadAll(src)
}

// originsOf finds the version that each wanted line of e came in with.
func originsOf(ctx context.Context, h *history.History, e *history.Entry, lines []string, wanted func(line int) bool) (*blameview.Blame, error) {
	b := &blameview.Blame{Source: e.Source}
	origins := textdiff.NewOrigins(lines, wanted)
	for v, err := range h.Lineage(ctx, e) {
		if err != nil {
			return nil, err
		}
		last := len(b.Versions) - 1
		if last >= 0 && b.Versions[last].Blob == v.Blob {
			b.Versions[last] = blameOf(v)
			continue
		}
		if last >= 0 {
			older, err := contentToCompare(h, &v.Version)
			if errors.Is(err, errTooLarge) {
				b.Versions[last].Boundary = true
				break
			}
			if err != nil {
				return nil, err
			}
			origins.Older(textdiff.Split(string(older)))
		}
		if b.Versions = append(b.Versions, blameOf(v)); !origins.Open() {
			break
		}
	}
	for i, origin := range origins.Found() {
		if wanted(i) {
			b.Lines = append(b.Lines, blameview.Line{Number: i + 1, Text: lines[i], Origin: origin})
		}
	}
	return b, nil
}

// blameOf is a version that lines may have come in with. In a shallow clone the versions before the
// last one are missing.
func blameOf(v history.Entry) blameview.Version {
	return blameview.Version{Entry: v, Boundary: v.Before == nil && !v.Previous.IsZero()}
}
