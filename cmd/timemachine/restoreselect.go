package main

import (
	"context"
	"errors"
	"slices"

	"timemachine/repo/history"
	"timemachine/repo/restore"
)

// restoreSelection is what the words of a restore mean.
type restoreSelection struct {
	list   []restore.Selection
	point  history.Point // what --at means
	lines  []string      // what has to be said of it first
	offers []offer       // what is not restored though it lies below
	before []*quickRuns  // what changed just before what is undone
}

// selections are the versions that each PATH means. A path that is unknown, or did not exist then,
// is an error: half a command restores nothing.
func (a *app) selections(ctx context.Context, h *history.History, o restoreOptions) (restoreSelection, error) {
	var s restoreSelection
	at, err := a.stateTime(h, o.at)
	if err != nil {
		return s, err
	}
	s.point = at.Point
	for _, word := range o.paths {
		path, copied, err := a.namedVersion(ctx, h, word)
		if err != nil {
			return s, err
		}
		at := at
		if copied != "" && !at.given {
			if at, err = a.stateTime(h, copied); err != nil {
				return s, err
			}
		}
		var state pathState
		if o.deleted {
			state, err = a.deletedState(ctx, h, path, at)
		} else {
			state, err = a.stateAt(ctx, h, path, at)
		}
		if err != nil {
			return s, a.misplacedWhen(err, o, word)
		}
		if state.about != "" {
			s.lines = append(s.lines, state.about)
		}
		s.list = append(s.list, restore.Selection{Path: path, Entries: state.entries})
		if state.undone != nil && o.to == "" { // elsewhere, nothing is undone
			if err := s.addBefore(a.quickRunsBefore(ctx, h, path, state.undone, o.deleted)); err != nil {
				return s, err
			}
		}
		if !at.given && !o.deleted {
			more, err := a.offerDeleted(ctx, h, &state)
			if err != nil {
				return s, err
			}
			if more == nil {
				continue
			}
			s.offers = append(s.offers, *more)
			if state.undone != nil || o.to != "" { // told already, or nothing is undone
				continue
			}
			if err := s.addBefore(a.quickRunsBefore(ctx, h, path, downTo(more.run[0].Scan), true)); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

// misplacedWhen adds advice to the error about a path that is unknown, and was meant for a WHEN.
func (a *app) misplacedWhen(err error, o restoreOptions, word string) error {
	var unknown *history.UnknownError
	if !errors.As(err, &unknown) || len(o.paths) < 2 || o.at != "" || word == o.paths[0] || !isWhen(word) {
		return err
	}
	args := slices.Clone(a.args)
	a.args = slices.DeleteFunc(a.args, func(arg string) bool { return arg == word })
	advice := a.again("--at", word)
	a.args = args
	return &failure{msg: err.Error(), hint: "a time or a version is given with --at: " + advice, err: err}
}

// addBefore adds what quickRunsBefore has found.
func (s *restoreSelection) addBefore(q *quickRuns, err error) error {
	if q != nil {
		s.before = append(s.before, q)
	}
	return err
}
