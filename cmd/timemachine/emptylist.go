package main

import (
	"context"
	"errors"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/refusal"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// unrecorded is that the watch list is empty, while the history has files. A list that was emptied
// by accident does not pass for one that is new.
type unrecorded struct {
	config string
	files  int
	saved  bool // the history has the configuration itself, as a run has found it
}

// unrecordedFiles tells of an empty watch list over a history that has files now; nil where the
// list has entries, or there are no such files.
func (a *app) unrecordedFiles(h *history.History, p *place, c *config.Config) (*unrecorded, error) {
	if h == nil || c == nil || len(c.Entries) > 0 {
		return nil, nil
	}
	files, err := h.Current("/")
	if err != nil || len(files) == 0 {
		return nil, err
	}
	saved, err := h.Present(p.config)
	return &unrecorded{config: p.config, files: len(files), saved: saved}, err
}

// text says what is wrong.
func (u *unrecorded) text() string {
	return "the watch list is empty: " + render.Count(u.files, "file") + " of the history " + plural(u.files, "is", "are") + " no longer recorded"
}

// remedy is the command that leads to the entries.
func (u *unrecorded) remedy(a *app) string {
	if u.saved {
		return a.spell("restore", hint.ShellWord(u.config))
	}
	return a.spell("config", "edit")
}

// hint says how the entries come back.
func (u *unrecorded) hint(a *app) string {
	if u.saved {
		return "the history has the configuration as it was: " + u.remedy(a) + " brings it back"
	}
	return u.remedy(a) + " opens it, and " + a.spell("add", "PATH…") + " adds to it; if nothing is to be recorded any more, take the runs off their schedule"
}

// runOnNothing is a run over an empty watch list. It is silent where the list is new.
func (a *app) runOnNothing(p *place, c *config.Config) error {
	u, err := a.lookForUnrecorded(p, c)
	if err != nil {
		return err
	}
	if u == nil {
		a.announceEmptyList(p)
		return a.printRun(render.EmptyRun(p.dest))
	}
	text := terminal.Quote(p.config) + ": " + u.text()
	a.journal.Error(text)
	if a.memory.isNews(text) || a.console.Terminal || a.console.Verbose {
		a.console.Error(text)
		a.console.Hint(u.hint(a))
	}
	a.memory.LastRun = a.memory.now
	a.memory.noteFailed(p.dest, errors.New(u.text()))
	d := render.EmptyRun(p.dest)
	d.Problems = append(d.Problems, render.ProblemDocument{Path: p.config, Message: u.text(), Hint: u.hint(a)})
	if err := a.printRun(d); err != nil {
		return err
	}
	return status(statusPartial)
}

// lookForUnrecorded is unrecordedFiles of a destination that is not open. One that cannot be read
// has none, nor has that of a configuration that was just made and has never recorded there.
func (a *app) lookForUnrecorded(p *place, c *config.Config) (*unrecorded, error) {
	if p.created && !a.memory.knows(p.dest) {
		return nil, nil
	}
	h, err := a.openToRead(p.dest, "", nil)
	if err != nil {
		a.journal.Debug("nothing is watched, and no history is read", "destination", p.dest, "cause", err.Error())
		return nil, nil
	}
	defer h.Close()
	return a.unrecordedFiles(h, p, c)
}

// announceEmptyList says what to do with an empty watch list, unless its creation has just been
// announced.
func (a *app) announceEmptyList(p *place) {
	if !p.created {
		a.console.Notice("nothing is watched yet; " + a.spell("add", "PATH…") + " adds to " + terminal.Quote(p.config))
	}
}

// leftOut says that the exclusions leave out all that is listed, which was found to be no file;
// false where another reason is.
func (a *app) leftOut(ctx context.Context, p *place, c *config.Config) (scan.Problem, bool) {
	path, rule := scan.LeftOut(ctx, c)
	if rule == nil {
		return scan.Problem{}, false
	}
	return scan.Problem{Path: p.config, Msg: "the exclusions leave out all that is listed, such as " + terminal.Quote(path) + " by " + terminal.Quote(rule.Text) + ": no file is recorded",
		Remedy: refusal.Remedy{Kind: scan.ChangeExclusions}, Warning: true}, true
}

// lookAtNothing is a look of a watch whose list is empty. The error says that the history has
// files.
func (w *watcher) lookAtNothing(p *place, c *config.Config) error {
	u, err := w.lookForUnrecorded(p, c)
	if err != nil || u == nil {
		return err
	}
	return &failure{msg: terminal.Quote(p.config) + ": " + u.text(), hint: u.hint(w.app)}
}
