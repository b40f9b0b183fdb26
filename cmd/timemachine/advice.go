package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/layout"
)

// explainError adds advice to an error of the history about a path.
func (a *app) explainError(ctx context.Context, h *history.History, err error) error {
	var unknown *history.UnknownError
	var early *history.BeforeError
	var absent *history.AbsentError
	switch {
	case errors.As(err, &unknown):
		where := " in " + terminal.Quote(h.Dest())
		if h.IsOther() {
			where = " on branch " + terminal.Quote(h.Branch()) + where
		}
		return &failure{msg: unknown.Error() + where, hint: a.adviceOnUnknown(ctx, h, unknown.Path), err: err}
	case errors.As(err, &early):
		return a.tooEarlyError(early)
	case errors.As(err, &absent):
		went, rerr := a.howItWent(ctx, h, absent.Path, &absent.Deleted)
		if rerr != nil {
			return errors.Join(err, rerr)
		}
		f := &failure{msg: terminal.Quote(absent.Path) + " did not exist then: it was " + went + " " + render.LocalTime(absent.Deleted.Since, a.zone), err: err}
		if absent.Deleted.Before != nil {
			f.hint = "its last version before that: " + a.spellOn(h, "show", hint.ShellWord(absent.Path), "--at", absent.Deleted.Before.Commit.Short())
		}
		return f
	}
	return err
}

func (a *app) tooEarlyError(e *history.BeforeError) *failure {
	f := &failure{msg: e.Error(), err: e}
	if e.Count == 0 {
		f.msg = "the history of " + terminal.Quote(e.Path) + " begins " + render.LocalTime(e.First.Since, a.zone)
	}
	switch {
	case e.First.RenamedFrom != "":
		f.hint = "before that it was " + terminal.Quote(e.First.RenamedFrom)
	case e.Count == 0: // the second of its beginning is before it
		f.hint = "--at " + e.First.Commit.Short() + " means its first version"
	}
	return f
}

const suggestions = 3

// adviceOnUnknown is the advice about a path without a known version.
func (a *app) adviceOnUnknown(ctx context.Context, h *history.History, path string) string {
	if tree, err := layout.TreePath(path); err == nil {
		if there, err := h.Present(path); there && err == nil {
			return "git has it, without a record of timemachine's that can be read: " + a.speller().Git(h.Dest(), "show", hint.ShellWord(h.Tip().Short()+":"+tree))
		}
	}
	if h.Shallow() {
		return "this clone is shallow, older versions are left out: " + a.speller().Git(h.Dest(), "fetch", "--unshallow")
	}
	if _, err := os.Lstat(path); err == nil && !h.IsOther() && destinationReason(h.Dest(), path) == "" {
		return "it is there, and was never recorded; this tells why: " + a.spell("why", hint.ShellWord(path))
	}
	return a.adviceOnSimilar(ctx, h, path)
}

// adviceOnSimilar names the known paths most similar to path, or the closest known folder above it.
func (a *app) adviceOnSimilar(ctx context.Context, h *history.History, path string) string {
	sources, err := sourcesSoon(ctx, h, "/")
	if err != nil {
		return ""
	}
	if len(sources) == 0 {
		return "this repository holds no record of timemachine's"
	}
	known := map[string]bool{"/": true}
	for _, s := range sources {
		for p := s; !known[p]; p = filepath.Dir(p) {
			known[p] = true
		}
	}
	delete(known, "/")
	if names := mostSimilar(path, slices.Collect(maps.Keys(known)), suggestions); len(names) > 0 {
		for i, name := range names {
			names[i] = terminal.Quote(name)
		}
		return "did you mean " + strings.Join(names, " or ") + "?"
	}
	for p := filepath.Dir(path); p != "/"; p = filepath.Dir(p) {
		if known[p] {
			return a.spellOn(h, "log", hint.ShellWord(p)) + " lists what is known there"
		}
	}
	return a.spellOn(h, "log") + " lists what is known"
}
