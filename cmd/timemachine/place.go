package main

import (
	"os"
	"path/filepath"
	"strings"

	"timemachine/cmd/timemachine/internal/journal"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/watch/config"
	"timemachine/watch/own"
)

const (
	defaultConfig = "config.dat"
	journalName   = "timemachine.log"
	envConfig     = "TIMEMACHINE_CONFIG"
	envDest       = "TIMEMACHINE_DESTINATION"
)

// place is where an execution works. All paths are absolute and clean.
type place struct {
	config  string
	journal string
	dest    string // "" until setDestination
	created bool   // the configuration was missing
}

// absolute is the absolute path of path, seen from the working directory.
func (a *app) absolute(path string) (string, error) {
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	if a.dir == "" {
		return "", &failure{msg: "the working directory is unknown", hint: "give absolute paths", err: os.ErrNotExist}
	}
	return filepath.Join(a.dir, path), nil
}

// configPlace finds the configuration file. A bare name lies in the location, a name with a slash
// is a path.
func (a *app) configPlace() (*place, error) {
	name := a.flags.config
	if name == "" {
		name = a.env(envConfig)
	}
	if name == "" {
		name = defaultConfig
	}
	if strings.HasSuffix(name, "/") {
		return nil, &usageError{msg: "configuration " + terminal.Quote(name) + " names a folder", hint: "name the file, or use -cl DIR"}
	}
	file := name
	if !filepath.IsAbs(name) && a.flags.location != "" {
		file = filepath.Join(a.flags.location, name)
	}
	file, err := a.absolute(file)
	if err != nil {
		return nil, err
	}
	return &place{config: file, journal: filepath.Join(filepath.Dir(file), journalName)}, nil
}

// setDestination decides the destination: flag, environment, configuration, working directory.
func (a *app) setDestination(p *place, c *config.Config) error {
	dest := a.flags.destination
	if dest == "" {
		dest = a.env(envDest)
	}
	if dest == "" && c != nil {
		dest = c.Destination
	}
	if dest == "" {
		dest = "."
	}
	abs, err := a.absolute(dest)
	p.dest = abs
	return err
}

// openPlace finds the place of a command that may write, opens the log, recalls the memory and
// loads the configuration. A missing configuration is created where create is set, else it is nil.
func (a *app) openPlace(create bool) (*place, *config.Config, error) {
	p, err := a.configPlace()
	if err != nil {
		return nil, nil, err
	}
	a.openJournal(p.journal)
	a.memory = a.recall(p.config)
	c, err := a.loadConfig(p)
	if c == nil && err == nil && create {
		c, err = a.createConfig(p)
	}
	if err != nil {
		return nil, nil, err
	}
	return p, c, a.setDestination(p, c)
}

// readPlace finds the place of a command that works without a configuration and creates nothing.
// A missing configuration is nil, as beside a clone, unless the user has named it.
func (a *app) readPlace() (*place, *config.Config, error) {
	p, err := a.configPlace()
	if err != nil {
		return nil, nil, err
	}
	load := a.loadConfig
	if a.flags.config != "" || a.env(envConfig) != "" {
		load = a.existingConfig
	}
	c, err := load(p)
	if err != nil {
		return nil, nil, err
	}
	return p, c, a.setDestination(p, c)
}

// askPlace finds the place of a command that asks the history. It reads the configuration only
// where that must tell the destination.
func (a *app) askPlace() (*place, error) {
	p, err := a.configPlace()
	if err != nil {
		return nil, err
	}
	var c *config.Config
	if a.flags.destination == "" && a.env(envDest) == "" {
		if c, err = a.loadConfig(p); err != nil {
			return nil, err
		}
	}
	return p, a.setDestination(p, c)
}

// ownFiles are the files that git must not show as untracked in a destination that holds them: the
// configuration and the logs.
func (p *place) ownFiles() []string {
	files := []string{p.config, p.journal}
	if target, err := filepath.EvalSymlinks(p.config); err == nil && target != p.config {
		files = append(files, target)
	}
	return append(files, journal.Rotated(p.journal)...)
}

// own returns where this process writes beside the destination, which is never a source: the log,
// the folder of the memories, and the temporary files of edits of the configuration and of
// restores.
func (a *app) own(p *place) own.Places {
	o := own.Places{LogFolder: filepath.Dir(p.journal), IsTemporary: durable.IsScratchName}
	log, edit := filepath.Base(p.journal), durable.Temporary(filepath.Base(p.config))
	o.IsLog = func(name string) bool {
		return name == log || strings.HasPrefix(name, edit) || journal.IsRotated(log, name)
	}
	if file := a.memoryFile(p.config); file != "" {
		o.Folders = []string{filepath.Dir(file)}
	}
	return o
}
