package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/layout"
	"timemachine/repo/when"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// whenHint is the advice where a WHEN was not understood.
const whenHint = "WHEN is, for example: " + when.Forms

// openHistory opens the destination to be asked. Nothing is written, not even a log; the configuration is only read, and
// only where it must tell the destination.
func (a *app) openHistory() (*repo.History, error) {
	p, err := a.queryPlace()
	if err != nil {
		return nil, err
	}
	return a.openToRead(p.dest, scan.NewestVersions)
}

// openToRead opens a history, and says what to do where that is not allowed: destinations are closed to others. heads may be
// nil.
func (a *app) openToRead(dest string, heads func(state *durable.Dir, path string) repo.Heads) (*repo.History, error) {
	h, err := repo.OpenHistory(dest, repo.HistoryOptions{Log: a.logAction, Heads: heads, Remembered: scan.CacheTip})
	if errors.Is(err, fs.ErrPermission) {
		return nil, &failure{msg: "destination " + terminal.Quote(dest) + ": " + durable.Reason(err), hint: "it is closed to all but its owner: ask as that user, or as root", err: err}
	}
	return h, err
}

func (a *app) queryPlace() (*place, error) {
	p, err := a.configPlace()
	if err != nil {
		return nil, err
	}
	var c *config.Config
	if a.flags.destination == "" && a.env(envDest) == "" {
		c, err = config.Load(p.config, a.watchEnv())
		if err != nil && (!errors.Is(err, fs.ErrNotExist) || isConfigError(err)) {
			return nil, asConfigError(p.config, err)
		}
	}
	return p, a.setDestination(p, c)
}

// sourcePath is the source that a PATH on the command line means: itself seen from the working directory, what it stands
// for where it is a path of the tree, or what its links lead to.
func (a *app) sourcePath(ctx context.Context, h *repo.History, word string) (string, error) {
	path, err := a.absolute(word)
	if err != nil {
		return "", err
	}
	var tree string // relative to the destination; "" for none
	if below, ok := strings.CutPrefix(path, strings.TrimSuffix(h.Dest(), "/")+"/"); ok {
		tree = below
	} else if w := filepath.Clean(word); w == "files" || strings.HasPrefix(w, "files/") {
		tree = w
	}
	stored, err := treeSource(ctx, h, tree)
	if err != nil {
		return "", err
	}
	for _, c := range []string{path, stored, resolveLinks(path)} {
		if c == "" {
			continue
		}
		if known, err := h.Remembers(c); known || err != nil {
			return c, err
		}
	}
	return cmp.Or(stored, path), nil
}

// treeSource is the source of a path of the tree, "" where it is none. A shortened name is looked for among all sources.
func treeSource(ctx context.Context, h *repo.History, tree string) (string, error) {
	if tree == "files" {
		return "/", nil
	}
	if source, ok := layout.Source(tree); ok {
		return source, nil
	}
	if !strings.HasPrefix(tree, "files/") || !strings.Contains(tree, "/%~") {
		return "", nil
	}
	sources, err := h.Sources(ctx, "/")
	for _, s := range sources {
		if _, ok := layout.SpelledAs(s, tree); ok {
			return s, nil
		}
	}
	return "", err
}

// resolvePoint resolves a WHEN, and says on standard error what was meant where something had to be supplied.
func (a *app) resolvePoint(h *repo.History, text string) (repo.Point, error) {
	w, err := a.parseWhen(text)
	if err != nil {
		return repo.Point{}, err
	}
	p, err := h.Point(w)
	var unknown *repo.RevisionError
	if errors.As(err, &unknown) {
		return p, &usageError{msg: unknown.Error(), hint: whenHint}
	}
	a.announceWhen("at", w)
	return p, err
}

// parseWhen reads a WHEN.
func (a *app) parseWhen(text string) (when.When, error) {
	w, err := when.Parse(text, a.now().In(a.zone))
	if err != nil {
		return w, &usageError{msg: err.Error(), hint: whenHint}
	}
	return w, nil
}

func (a *app) announceWhen(word string, w when.When) {
	future := w.Kind == when.Moment && w.Time.After(a.now())
	if w.Exact && !future {
		return
	}
	if w.Counted {
		w.Time = w.Time.Truncate(time.Second)
	}
	text := word + " " + w.String()
	if w.Note != "" {
		text += " (" + w.Note + ")"
	}
	if future {
		text += ", which is still to come"
	}
	a.console.Announce(text)
}

// explainError turns what a history says of a path into an error with advice.
func (a *app) explainError(ctx context.Context, h *repo.History, err error) error {
	var unknown *repo.UnknownError
	var early *repo.BeforeError
	var absent *repo.AbsentError
	switch {
	case errors.As(err, &unknown):
		return &failure{msg: unknown.Error() + " in " + terminal.Quote(h.Dest()), hint: a.adviceOnUnknown(ctx, h, unknown.Path), err: err}
	case errors.As(err, &early):
		return a.tooEarlyError(early)
	case errors.As(err, &absent):
		f := &failure{msg: terminal.Quote(absent.Path) + " did not exist then: it was deleted " + render.LocalTime(absent.Deleted.Since, a.zone), err: err}
		if absent.Deleted.Before != nil {
			f.hint = "its last version before that: " + spell("show", shellWord(absent.Path), "--at", absent.Deleted.Before.Commit.Short())
		}
		return f
	}
	return err
}

func (a *app) tooEarlyError(e *repo.BeforeError) error {
	f := &failure{msg: e.Error(), err: e}
	if e.Count == 0 {
		f.msg = "the history of " + terminal.Quote(e.Path) + " begins " + render.LocalTime(e.First.Since, a.zone)
	}
	if e.First.RenamedFrom != "" {
		f.hint = "before that it was " + terminal.Quote(e.First.RenamedFrom)
	}
	return f
}
