package main

import (
	"errors"
	"io/fs"
	"os"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/watch/cache"
)

// openHistory opens the destination for questions about a branch, "" for the recorded one. It
// writes nothing, not even a log, and reads the configuration only where that must tell the
// destination.
func (a *app) openHistory(branch string) (*history.History, error) {
	p, err := a.askPlace()
	if err != nil {
		return nil, err
	}
	return a.openToRead(p.dest, branch, cache.NewestVersions)
}

// openToRead opens a history; branch and heads may be empty.
func (a *app) openToRead(dest, branch string, heads func(state *durable.Dir, path string) history.Heads) (*history.History, error) {
	h, err := history.Open(dest, history.Options{Log: a.logAction, Branch: branch, Heads: heads, Remembered: cache.Tip})
	return h, closedError(dest, err)
}

// closedError explains the error of a destination that is closed to this user, or is no folder.
func closedError(dest string, err error) error {
	if info, serr := os.Stat(dest); err != nil && serr == nil && !info.IsDir() {
		return &usageError{msg: "destination " + terminal.Quote(dest) + " is not a folder", hint: "name a folder with -d"}
	}
	if errors.Is(err, fs.ErrPermission) {
		return &failure{msg: "destination " + terminal.Quote(dest) + ": " + durable.Reason(err), hint: "it is closed to all but its owner: ask as that user, or as root", err: err}
	}
	return err
}
