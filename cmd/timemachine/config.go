package main

import (
	"errors"
	"io/fs"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/watch/config"
)

// open finds the place of this execution and loads the configuration, which is made when it is missing. The log and the
// memory are at hand from here on.
func (a *app) open() (*place, *config.Config, error) {
	p, err := a.configPlace()
	if err != nil {
		return nil, nil, err
	}
	a.openJournal(p.journal)
	a.memory = a.recall(p.config)
	c, err := config.Load(p.config, a.watchEnv())
	if errors.Is(err, fs.ErrNotExist) && !isConfigError(err) {
		if err = config.Create(p.config); err == nil {
			a.journal.Debug("created", "configuration", p.config)
			p.created = true
			a.console.Announce("created " + terminal.Quote(p.config) + ", an empty watch list; " + addHint + "it")
			c, err = config.Load(p.config, a.watchEnv())
		}
	}
	if err != nil {
		return nil, nil, asConfigError(p.config, err)
	}
	return p, c, a.setDestination(p, c)
}

// existing is open for commands that need no configuration: a missing one is not made, and is nil.
func (a *app) existing() (*place, *config.Config, error) {
	p, err := a.configPlace()
	if err != nil {
		return nil, nil, err
	}
	a.openJournal(p.journal)
	a.memory = a.recall(p.config)
	c, err := config.Load(p.config, a.watchEnv())
	if err != nil && (!errors.Is(err, fs.ErrNotExist) || isConfigError(err)) {
		return nil, nil, asConfigError(p.config, err)
	}
	return p, c, a.setDestination(p, c)
}

// nothingWatched says what to do with an empty watch list, unless its creation has just been announced.
func (a *app) nothingWatched(p *place) {
	if !p.created {
		a.console.Notice("nothing is watched yet; " + addHint + terminal.Quote(p.config))
	}
}

func isConfigError(err error) bool {
	var c *config.Error
	return errors.As(err, &c)
}

// asConfigError makes sure that a configuration which cannot be read or made counts as a matter of configuration.
func asConfigError(file string, err error) error {
	if isConfigError(err) {
		return err
	}
	return &usageError{msg: "configuration " + terminal.Quote(file) + ": " + durable.Reason(err)}
}
