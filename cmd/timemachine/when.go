package main

import (
	"errors"
	"os"
	"strings"
	"time"

	"timemachine/repo/history"
	"timemachine/repo/when"
)

// whenHint is the hint for a WHEN that cannot be read.
const whenHint = "WHEN is, for example: " + when.Forms

// resolvePoint is the point in the history that a WHEN means. If something had to be added, it
// announces the meaning.
func (a *app) resolvePoint(h *history.History, text string) (history.Point, error) {
	w, err := a.parseWhen(text)
	if err != nil {
		return history.Point{}, err
	}
	p, err := h.Point(w)
	var unknown *history.RevisionError
	if errors.As(err, &unknown) {
		return p, &usageError{msg: unknown.Error(), hint: whenHint}
	}
	a.announceWhen("at", w)
	return p, err
}

// fewestDigits is how many hexadecimal digits make a word a commit, where it could be a name.
const fewestDigits = 7

// isWhen tells whether a word that stands where a path does was meant for a WHEN.
func isWhen(word string) bool {
	if _, err := os.Lstat(word); err == nil {
		return false
	}
	w, err := when.Parse(word, time.Now())
	isCommit := len(word) >= fewestDigits && strings.Trim(strings.ToLower(word), "0123456789abcdef") == ""
	return err == nil && (w.Kind != when.Revision || isCommit)
}

// isMoment tells whether a WHEN is a time.
func isMoment(word string) bool {
	w, err := when.Parse(word, time.Now())
	return err == nil && w.Kind == when.Moment
}

// parseWhen reads a WHEN.
func (a *app) parseWhen(text string) (when.When, error) {
	w, err := when.Parse(text, a.now().In(a.zone))
	if err != nil {
		return w, &usageError{msg: err.Error(), hint: whenHint}
	}
	return w, nil
}

// announceWhen says on a terminal what a moment is taken for, and anywhere what is odd about it.
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
	if w.Note != "" || future {
		a.console.Announce(text)
	} else {
		a.console.Notice(text)
	}
}
