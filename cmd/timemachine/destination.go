package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/watch/cache"
)

func (a *app) repoOptions(p *place) repo.Options {
	return repo.Options{
		Clock:   a.now,
		Zone:    a.zone,
		Ident:   a.identity(),
		Host:    a.host,
		Boot:    a.boot,
		Log:     a.logAction,
		Exclude: p.ownFiles(),
		Waiting: func(holder int, patience time.Duration) { a.announceWait(p.dest, holder, patience) },

		Remembered: cache.Tip,
	}
}

// announceWait says that a command waits for another process. Anybody who may open the lock can
// hold it: the wait may be for no run at all.
func (a *app) announceWait(dest string, holder int, patience time.Duration) {
	text := fmt.Sprintf("waiting, for %g minutes at most: %s has locked destination %s", patience.Minutes(), refusal.Process(holder), terminal.Quote(dest))
	a.journal.Info(text)
	a.console.Announce(text)
}

// logAction logs what package repo does or finds: of each message the first ones, since others may
// choose how many there are.
func (a *app) logAction(msg string, args ...any) {
	a.actionsMu.Lock()
	defer a.actionsMu.Unlock()
	if a.actions == nil {
		a.actions = map[string]int{}
	}
	switch a.actions[msg]++; {
	case a.actions[msg] <= mostOfAKind:
		a.journal.Debug(msg, args...)
	case a.actions[msg] == mostOfAKind+1:
		a.journal.Debug("more of these are not logged: " + msg)
	}
}

// openRepo opens the repository of the destination and makes it in an existing folder without one.
// If this configuration has used the folder before, its disk is probably not mounted: openRepo
// fails. It makes a missing folder if create is set.
func (a *app) openRepo(p *place, create bool) (*repo.Repo, error) {
	o := a.repoOptions(p)
	r, err := a.openTrusted(p, o)
	switch refusalKind(err) {
	case refusal.NoDestination:
		if !create {
			return nil, a.missingDestinationError(p.dest, err)
		}
	case refusal.NoRepository:
		if a.memory.knows(p.dest) {
			return nil, a.unmountedError(p.dest, err)
		}
	default:
		return r, err
	}
	if err := a.initRepository(p.dest, o); err != nil {
		return nil, err
	}
	return a.openTrusted(p, o)
}

// initRepository makes the repository of a destination, and its folder where only that is missing.
func (a *app) initRepository(dest string, o repo.Options) error {
	return missingParentError(dest, repo.Init(dest, o))
}

// missingParentError says so where the folder that a destination is to be made in does not exist.
func missingParentError(dest string, err error) error {
	if parent := filepath.Dir(dest); durable.IsMissing(err) && !exists(parent) {
		return &failure{msg: "destination " + terminal.Quote(dest) + " cannot be made: " + terminal.Quote(parent) + " does not exist",
			hint: "make that folder first: mkdir -p " + hint.ShellWord(parent), err: err}
	}
	return err
}

// openTrusted opens the repository and remembers its owner. Root writes nothing into a repository
// that has changed its owner since. A user who can rename the destination's folder could have put
// their own repository there, and would be given everything that root watches.
func (a *app) openTrusted(p *place, o repo.Options) (*repo.Repo, error) {
	r, err := repo.Open(p.dest, o)
	if err != nil {
		return nil, closedError(p.dest, err)
	}
	memory := a.memory
	if memory == nil { // for commands that use it for nothing else
		memory = a.recall(p.config)
	}
	owner, err := r.Owner()
	if err == nil {
		err = a.checkOwner(p, memory, owner)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	if _, known := memory.owner(p.dest); !known {
		a.announceForeignOwner(p.dest, owner)
	}
	memory.noteUse(p.dest, owner)
	return r, nil
}

// checkOwner returns an error where root has known another owner of the destination.
func (a *app) checkOwner(p *place, m *memory, owner uint32) error {
	was, known := m.owner(p.dest)
	if a.uid != 0 || !known || owner == was {
		return nil
	}
	return &failure{msg: fmt.Sprintf("destination %s belongs to uid %d now, and to uid %d before", terminal.Quote(p.dest), owner, was),
		hint: "root records nothing there; if that is meant, say so with: " + a.spell("init", "-c", hint.ShellWord(p.config), "-d", hint.ShellWord(p.dest))}
}

// announceForeignOwner says once that git refuses a repository of another user, how to read it as
// that user, and how to make git accept it. timemachine does not do that for the user: git would
// then run, as root, programs that the repository's configuration names.
func (a *app) announceForeignOwner(dest string, owner uint32) {
	if int(owner) == a.uid {
		return
	}
	a.console.Announce(fmt.Sprintf("destination %s belongs to uid %d, and git refuses it for you; read it as that user with: %s; or, if you trust what it holds, say so with: git config --global --add safe.directory %s",
		terminal.Quote(dest), owner, a.speller().Git(dest, "log"), hint.ShellWord(dest)))
}

// refusalKind is the state of a destination that an error tells of; 0 for other errors and for nil.
func refusalKind(err error) refusal.Kind {
	var s *refusal.Error
	if errors.As(err, &s) {
		return s.Kind
	}
	return 0
}

func (a *app) missingDestinationError(dest string, err error) error {
	return &failure{
		msg:  "destination " + terminal.Quote(dest) + " does not exist",
		hint: "mount it, or make it with: " + a.speller().Words(refusal.Remedy{Kind: refusal.InitDestination, Dest: dest, Bare: true}),
		err:  err,
	}
}

func (a *app) unmountedError(dest string, err error) error {
	what := " is empty: not mounted?"
	switch entries, rerr := os.ReadDir(dest); {
	case durable.IsMissing(rerr):
		what = " does not exist: not mounted?"
	case rerr == nil && len(entries) > 0:
		what = " has lost its repository: not mounted?"
	}
	return &failure{
		msg:  "destination " + terminal.Quote(dest) + what,
		hint: "it was used before; mount it, or start afresh with " + a.spell("init", "-d", hint.ShellWord(dest)),
		err:  err,
	}
}
