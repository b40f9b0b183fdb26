package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/history"
)

// stateTime is what the --at of ls and restore means.
type stateTime struct {
	history.Point
	given bool
	// the commit is written as log prints it: if it records a deletion, it means the state before
	isCommit bool
}

// stateTime reads the --at of ls and restore; "" is the newest state.
func (a *app) stateTime(h *history.History, at string) (stateTime, error) {
	if at == "" {
		return stateTime{}, nil
	}
	p, err := a.resolvePoint(h, at)
	digits := strings.Trim(strings.ToLower(at), "0123456789abcdef") == ""
	return stateTime{Point: p, given: true, isCommit: digits && !p.Commit.IsZero()}, err
}

// pathState is what was at and below a path at a moment, or just before it was deleted.
type pathState struct {
	path    string
	entries []history.Entry
	about   string // which state it is, where that has to be said

	// tells of versions, newest first, whether they are of the runs that getting the state undoes,
	// or later; nil where the state is not one before a run
	undone func(*history.Entry) bool
}

// stateAt finds what was at and below a path. Without a time, of what is deleted now it is what was
// there before that. Where nothing was there, that is an error.
func (a *app) stateAt(ctx context.Context, h *history.History, path string, at stateTime) (pathState, error) {
	s := pathState{path: path}
	if at.isCommit {
		before, err := a.stateBefore(ctx, h, path, at.Point)
		if err != nil || before.about != "" {
			return before, err
		}
	}
	p, err := h.Resolve(ctx, path, at.Point)
	if err == nil {
		s.entries, err = h.Below(ctx, path, p)
	}
	if err == nil && at.Back > 0 {
		s.undone = upTo(p)
		err = a.announceBack(ctx, h, path, p)
	}
	if err == nil && len(s.entries) > 0 {
		s.about, err = a.aboutFolders(ctx, h, path, p, s.entries)
	}
	var early *history.BeforeError
	if errors.As(err, &early) && at.Back > 0 && !early.Runs {
		var e history.Entry
		if e, err = a.versionAt(ctx, h, path, at.Point); err == nil { // under an earlier name
			e.Source = path
			s.entries = []history.Entry{e}
		}
	}
	if err != nil || len(s.entries) > 0 {
		return s, a.explainError(ctx, h, err)
	}
	last, ok, err := h.NewestBelow(ctx, path, p)
	switch {
	case err != nil:
		return s, err
	case !ok:
		return s, a.explainError(ctx, h, &history.UnknownError{Path: path})
	case at.given:
		went, err := a.howItWent(ctx, h, path, &last)
		if err != nil {
			return s, err
		}
		return s, &failure{msg: terminal.Quote(path) + " did not exist then: it was " + went + " " + render.LocalTime(last.Since, a.zone),
			hint: "just before that it was: " + a.again("--at", last.Commit.Short())}
	}
	return a.stateBefore(ctx, h, path, history.Point{Commit: last.Commit})
}

// announceBack says on a terminal which moment a number of runs or versions back is.
func (a *app) announceBack(ctx context.Context, h *history.History, path string, p history.Point) error {
	if !a.console.Terminal {
		return nil
	}
	last, ok, err := h.NewestBelow(ctx, path, p)
	if err == nil && ok {
		a.console.Notice("at " + render.LocalTime(last.CaptureTime(), a.zone))
	}
	return err
}

// aboutFolders says of a moment before the first run that recorded folders that none is known of
// then; or of one before all of the history of path what else is not.
func (a *app) aboutFolders(ctx context.Context, h *history.History, path string, p history.Point, entries []history.Entry) (string, error) {
	if p.Time.IsZero() || slices.ContainsFunc(entries, func(e history.Entry) bool { return e.Folder || e.Source == path }) {
		return "", nil
	}
	first, found, err := h.FolderOf(ctx, path, p)
	if err != nil || !found || !first.CaptureTime().After(p.Time) {
		return "", err
	}
	if !slices.ContainsFunc(entries, func(e history.Entry) bool { return !e.Previous.IsZero() || !e.CaptureTime().After(p.Time) }) {
		return "the history of " + terminal.Quote(path) + " begins " + render.Minute(first.CaptureTime(), a.zone) +
			": files that changed or were deleted before that are missing here, and modes and owners of folders are not known", nil
	}
	return "folders are recorded since " + render.Minute(first.CaptureTime(), a.zone) + ": mode and owner that they had before are not known", nil
}

// stateBefore is the state of a path before the deletion at or below it that a commit records. Of
// any other commit, nothing is said about it.
func (a *app) stateBefore(ctx context.Context, h *history.History, path string, p history.Point) (pathState, error) {
	s := pathState{path: path}
	before, ok, err := h.BeforeDeletion(ctx, path, p)
	if err != nil || !ok {
		return s, err
	}
	deletion, _, err := h.NewestBelow(ctx, path, p)
	if err == nil {
		s.entries, err = h.Below(ctx, path, before)
	}
	if err != nil {
		return s, a.explainError(ctx, h, err)
	}
	s.undone = upTo(before)
	gone, whole := "it", path
	if left, err := h.Below(ctx, path, p); err != nil || len(left) > 0 {
		gone, whole = terminal.Quote(deletion.Source), deletion.Source
	}
	went, err := a.howItWent(ctx, h, whole, &deletion)
	s.about = terminal.Quote(path) + " as of " + render.Minute(deletion.Since, a.zone) + ", before " + gone + " was " + went
	return s, err
}

// howItWent says what the deletion of a path, or of what was below it, was: "deleted", or "renamed
// to" another name.
func (a *app) howItWent(ctx context.Context, h *history.History, path string, deletion *history.Entry) (string, error) {
	names, err := h.Renames(ctx, deletion)
	if err != nil {
		return "", err
	}
	to := names[path]
	if to == "" { // of a folder, where all went that was in it
		below := strings.TrimPrefix(deletion.Source, path)
		to, _ = strings.CutSuffix(names[deletion.Source], below)
		if names[deletion.Source] == to && below != "" {
			to = ""
		}
	}
	if to == "" {
		return "deleted", nil
	}
	return "renamed to " + terminal.Quote(to), nil
}

// deletedState is what a run deleted at and below a path and is deleted still: the newest run that
// did, or the one that --at means.
func (a *app) deletedState(ctx context.Context, h *history.History, path string, at stateTime) (pathState, error) {
	s := pathState{path: path}
	n := 0
	for run, err := range h.Deleted(ctx, path) {
		if err != nil {
			return s, err
		}
		if !at.means(run, n) {
			n++
			continue
		}
		for _, d := range run {
			e, err := h.At(ctx, d.Source, history.Point{Commit: d.Before.Commit})
			if err != nil {
				return s, a.explainError(ctx, h, err)
			}
			s.entries = append(s.entries, e)
		}
		s.undone = downTo(run[0].Scan)
		s.about = (&offer{path: path, run: run}).what() + ", deleted " + render.Minute(run[0].Since, a.zone)
		return s, nil
	}
	if _, ok, err := h.NewestBelow(ctx, path, history.Point{}); err != nil || !ok {
		return s, a.explainError(ctx, h, errors.Join(err, &history.UnknownError{Path: path}))
	}
	what := "nothing is deleted at or below " + terminal.Quote(path)
	s.about = what
	if n == 0 {
		files, folders, err := missingBelow(ctx, h, path)
		if err != nil {
			return s, err
		}
		if n := files + folders; n > 0 {
			return s, &failure{msg: fmt.Sprintf("no run has seen a deletion at or below %s; missing since the last run: %s", terminal.Quote(path), render.CountBoth(files, folders)),
				hint: "to bring " + plural(n, "it", "them") + " back: " + a.without("--deleted")}
		}
	}
	switch {
	case n == 0 && !at.given:
		return s, nil
	case n > 0 && at.Back > 0:
		what = fmt.Sprintf("%s deleted what is gone at or below %s: @%d is the oldest", render.Count(n, "run"), terminal.Quote(path), n-1)
	case n > 0:
		what = "nothing that is deleted at or below " + terminal.Quote(path) + " went then"
	}
	return s, &failure{msg: what, hint: a.spellOn(h, "log", "--deleted", hint.ShellWord(path)) + " lists what is deleted"}
}

// missingBelow counts what the newest versions at and below a path have, and the disk has not.
func missingBelow(ctx context.Context, h *history.History, path string) (files, folders int, err error) {
	entries, err := h.Below(ctx, path, history.Point{})
	if err != nil {
		return 0, 0, err
	}
	for i := range entries {
		switch _, err := os.Lstat(entries[i].Source); {
		case !durable.IsMissing(err):
		case entries[i].Folder:
			folders++
		default:
			files++
		}
	}
	return files, folders, nil
}

// means tells whether the time means a run that deleted something; n such runs were later.
func (t *stateTime) means(run []history.Entry, n int) bool {
	switch {
	case !t.Time.IsZero():
		return !run[0].CaptureTime().After(t.Time)
	case !t.Commit.IsZero():
		for i := range run {
			if run[i].Commit == t.Commit {
				return true
			}
		}
		return false
	}
	return n == t.Back
}
