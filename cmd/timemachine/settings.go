package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := newCommand("config", "the values in force, and where each comes from", configHelp, noArgs,
		func(context.Context, []string) error { return a.config() })
	cmd.AddCommand(a.configEditCommand())
	return cmd
}

// config prints the values in force. It only reads.
func (a *app) config() error {
	p, err := a.configPlace()
	if err != nil {
		return err
	}
	c, err := a.loadConfig(p)
	if err == nil {
		err = a.setDestination(p, c)
	}
	if err != nil {
		return err
	}
	d := settingsJSON(p.config, p.journal, p.found, c, p.dest, p.destBy)
	if a.flags.json {
		return a.printJSON(d)
	}
	if err := a.printLines(d.lines()); err != nil {
		return err
	}
	a.warnOfPush(p, c)
	return nil
}

// warnOfPush warns of a push in the configuration that leads nowhere, as far as that can be told
// without asking a remote.
func (a *app) warnOfPush(p *place, c *config.Config) {
	if c == nil || c.Push == nil {
		return
	}
	h, err := a.openToRead(p.dest, "", nil)
	if err != nil {
		return
	}
	defer h.Close()
	if _, err := a.pushTarget(h, a.pushingTo(p, c, "")); err != nil {
		a.console.Warn("push: " + render.FirstLine(err))
		a.console.Hint(a.hintOf(err))
	}
}

// origin is where a value in force comes from. name is that of a flag or variable.
type origin struct{ kind, name string }

// The origins that need no name.
var (
	byFile    = origin{kind: "file"}    // the configuration
	byDefault = origin{kind: "default"} // nothing says otherwise
	bySetup   = origin{kind: "setup"}   // the folders of setup
	byFolder  = origin{kind: "folder"}  // the working directory
)

// byFlag is the origin of what a flag says.
func byFlag(name string) origin { return origin{"flag", name} }

// byVariable is the origin of what a variable of the environment says.
func byVariable(name string) origin { return origin{"environment", name} }

// words tell an origin to people; line is that of a file, from 1.
func (o origin) words(line int) string {
	switch o {
	case byFile:
		return fmt.Sprintf("line %d", line)
	case byDefault:
		return "default"
	case bySetup:
		return "where setup makes it"
	case byFolder:
		return "in the current folder"
	}
	return o.name
}

// settingsDocument is what config --json prints.
type settingsDocument struct {
	Configuration string            `json:"configuration"`
	Exists        bool              `json:"exists"`
	From          string            `json:"from"`
	Name          string            `json:"name,omitempty"`
	Log           string            `json:"log"`
	Settings      []settingDocument `json:"settings"`

	found origin
}

// settingDocument is one value in force.
type settingDocument struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	From  string `json:"from"`
	Name  string `json:"name,omitempty"`
	Line  int    `json:"line,omitempty"`

	origin origin
}

// settingsJSON is the configuration c at a path, nil where it does not exist, with the destination
// that is in force.
func settingsJSON(path, log string, found origin, c *config.Config, dest string, destBy origin) settingsDocument {
	d := settingsDocument{Configuration: path, Exists: c != nil, From: found.kind, Name: found.name, Log: log, Settings: []settingDocument{}, found: found}
	if c == nil {
		c = &config.Config{}
	}
	for _, s := range c.Settings() {
		if s.Key != "destination" {
			d.add(s, fromLine(s.Line))
			continue
		}
		s.Value = dest
		if destBy != byFile {
			s.Line = 0
		}
		d.add(s, destBy)
		d.addLines("watch", c.WatchLines())
		d.addLines("exclude", c.Exclusions())
	}
	return d
}

func fromLine(line int) origin {
	if line == 0 {
		return byDefault
	}
	return byFile
}

func (d *settingsDocument) addLines(key string, lines []config.WatchLine) {
	for _, l := range lines {
		d.add(config.Setting{Key: key, Value: l.Text, Line: l.Line}, byFile)
	}
}

func (d *settingsDocument) add(s config.Setting, from origin) {
	d.Settings = append(d.Settings, settingDocument{Key: s.Key, Value: s.Value, From: from.kind, Name: from.name, Line: s.Line, origin: from})
}

// keyWidth is the width of the column of keys.
const keyWidth = 20

// lines are the settings for people. A list has a line for each item.
func (d settingsDocument) lines() []string {
	found := d.found.words(0)
	if !d.Exists {
		found += "; does not exist"
	}
	lines := []string{settingLine("configuration", terminal.Quote(d.Configuration), found), fmt.Sprintf("%-*s%s", keyWidth, "log", terminal.Quote(d.Log))}
	last := ""
	for _, s := range d.Settings {
		key := s.Key
		if key == last {
			key = ""
		}
		last = s.Key
		lines = append(lines, settingLine(key, terminal.Quote(s.Value), s.origin.words(s.Line)))
	}
	return lines
}

func settingLine(key, value, from string) string {
	return fmt.Sprintf("%-*s%s  (%s)", keyWidth, key, value, from)
}
