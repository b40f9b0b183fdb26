package main

import (
	"errors"
	"io/fs"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/watch/config"
)

// loadConfig loads the configuration of a place; nil where the file is missing. Every other
// failure counts as wrong configuration and names the file.
func (a *app) loadConfig(p *place) (*config.Config, error) {
	c, err := config.Load(p.config, a.watchEnv())
	if errors.Is(err, fs.ErrNotExist) && !isConfigError(err) {
		return nil, nil
	}
	return c, asConfigError(p.config, err)
}

// existingConfig is loadConfig for a configuration that must exist.
func (a *app) existingConfig(p *place) (*config.Config, error) {
	c, err := a.loadConfig(p)
	if c == nil && err == nil {
		err = &usageError{msg: "configuration " + terminal.Quote(p.config) + " does not exist", hint: a.spell("add", "PATH…") + " makes it"}
	}
	return c, err
}

// createConfig writes a configuration with an empty watch list, opens the log beside it, and loads
// it. about is what is said of it; "" for nothing.
func (a *app) createConfig(p *place, about string) (*config.Config, error) {
	if err := config.Create(p.config); err != nil {
		return nil, asConfigError(p.config, err)
	}
	a.openJournal(p.journal)
	a.journal.Debug("created", "configuration", p.config)
	p.created = true
	text := "created " + terminal.Quote(p.config)
	if about != "" {
		text += ", " + about
	}
	a.console.Announce(text)
	return a.existingConfig(p)
}

func isConfigError(err error) bool {
	var c *config.Error
	return errors.As(err, &c)
}

// asConfigError makes an error of reading or writing the configuration count as wrong
// configuration.
func asConfigError(file string, err error) error {
	if err == nil || isConfigError(err) {
		return err
	}
	return &usageError{msg: "configuration " + terminal.Quote(file) + ": " + durable.Reason(err)}
}
