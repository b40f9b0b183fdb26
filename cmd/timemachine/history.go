package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/layout"
	"timemachine/watch/scan"
)

// openHistory opens the destination for questions about a branch, "" for the recorded one. It
// writes nothing, not even a log, and reads the configuration only where that must tell the
// destination.
func (a *app) openHistory(branch string) (*history.History, error) {
	p, err := a.askPlace()
	if err != nil {
		return nil, err
	}
	return a.openToRead(p.dest, branch, scan.NewestVersions)
}

// openToRead opens a history; branch and heads may be empty.
func (a *app) openToRead(dest, branch string, heads func(state *durable.Dir, path string) history.Heads) (*history.History, error) {
	h, err := history.Open(dest, history.Options{Log: a.logAction, Branch: branch, Heads: heads, Remembered: scan.CacheTip})
	return h, closedError(dest, err)
}

// closedError adds a hint to the error of a destination that is closed to this user.
func closedError(dest string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return &failure{msg: "destination " + terminal.Quote(dest) + ": " + durable.Reason(err), hint: "it is closed to all but its owner: ask as that user, or as root", err: err}
	}
	return err
}

// sourcePath is the source that a PATH on the command line means. PATH is seen from the working
// directory. It may be a path in the tree, or lead to the source by links.
func (a *app) sourcePath(ctx context.Context, h *history.History, word string) (string, error) {
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
		if known, err := h.KnownWithoutSearch(c); known || err != nil {
			return c, err
		}
	}
	return cmp.Or(stored, path), nil
}

// treeSource is the source of a path in the tree; "" if it is none. A shortened name is searched
// among all sources.
func treeSource(ctx context.Context, h *history.History, tree string) (string, error) {
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
