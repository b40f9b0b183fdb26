package main

import (
	"cmp"
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
	found   origin // of the configuration
	destBy  origin // of the destination
	created bool   // the configuration was missing
	broken  bool   // the configuration cannot be used, and what it says is unknown
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
	name := cmp.Or(a.flags.config, a.env(envConfig))
	if name == "" && a.flags.location == "" {
		return a.defaultPlace()
	}
	name = cmp.Or(name, defaultConfig)
	if strings.HasSuffix(name, "/") {
		return nil, &usageError{msg: "configuration " + terminal.Quote(name) + " names a folder", hint: "name the file, or use -cl DIR"}
	}
	if !filepath.IsAbs(name) && a.flags.location != "" {
		name = filepath.Join(a.flags.location, name)
	}
	file, err := a.absolute(name)
	if err != nil {
		return nil, err
	}
	return newPlace(file, a.configOrigin()), nil
}

// configOrigin is the flag or variable that names the configuration, the first where two do.
func (a *app) configOrigin() origin {
	switch {
	case a.flags.config != "":
		return byFlag("-c")
	case a.env(envConfig) != "":
		return byVariable(envConfig)
	}
	return byFlag("-cl")
}

// defaultPlace finds the configuration that nothing names: config.dat in the working directory,
// else the one that setup has made. Where neither exists, it is the first of them.
func (a *app) defaultPlace() (*place, error) {
	local, err := a.absolute(defaultConfig)
	if standing := a.setupFolders().configFile(); standing != "" && (err != nil || !exists(local)) && exists(standing) {
		return newPlace(standing, bySetup), nil
	}
	if err != nil {
		return nil, err
	}
	return newPlace(local, byFolder), nil
}

func newPlace(config string, found origin) *place {
	return &place{config: config, found: found, journal: filepath.Join(filepath.Dir(config), journalName)}
}

// exists tells whether a path names something, be it a link that leads nowhere.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// setDestination decides the destination: flag, environment, configuration, default.
func (a *app) setDestination(p *place, c *config.Config) error {
	var dest string
	switch {
	case a.flags.destination != "":
		dest, p.destBy = a.flags.destination, byFlag("-d")
	case a.env(envDest) != "":
		dest, p.destBy = a.env(envDest), byVariable(envDest)
	case c != nil && c.Destination != "":
		dest, p.destBy = c.Destination, byFile
	default:
		dest, p.destBy = a.defaultDestination(p), byDefault
	}
	abs, err := a.absolute(dest)
	p.dest = abs
	return err
}

// defaultDestination is the destination of a configuration that names none: the working directory.
// The configuration of setup has one of its own, so that no run under cron records to wherever it
// was started.
func (a *app) defaultDestination(p *place) string {
	if f := a.setupFolders(); p.config == f.configFile() {
		return f.destination
	}
	return "."
}

// openPlace finds the place of a command that may write, recalls the memory, and loads the
// configuration. A missing configuration is nil, and then there is no log: it lies beside one.
func (a *app) openPlace() (*place, *config.Config, error) {
	p, err := a.configPlace()
	if err != nil {
		return nil, nil, err
	}
	if exists(p.config) {
		a.openJournal(p.journal)
	}
	a.memory = a.recall(p.config)
	c, err := a.loadConfig(p)
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
// restores. Logs of other configurations, which may be other users', count too: they grow with each
// run of theirs.
func (a *app) own(p *place) own.Places {
	edit := durable.Temporary(filepath.Base(p.config))
	o := own.Places{LogFolder: filepath.Dir(p.journal)}
	o.IsLog = func(name string) bool { return isLogName(name) || strings.HasPrefix(name, edit) }
	o.IsTemporary = func(name string) bool { return isLogName(name) || durable.IsScratchName(name) }
	if file := a.memoryFile(p.config); file != "" {
		o.Folders = []string{filepath.Dir(file)}
	}
	return o
}

// isLogName tells whether a file of this name is a log of timemachine's.
func isLogName(name string) bool { return name == journalName || journal.IsRotated(journalName, name) }
