package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/remote"
	"timemachine/watch"
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
	leadsNowhere := a.withPush(p, c, func(h *history.History, t *remote.Target) { a.addAnswer(&d, h, t) })
	if a.flags.json {
		return a.printJSON(d)
	}
	if err := a.printLines(d.lines(a.screenColumns())); err != nil {
		return err
	}
	a.warnOfPush(leadsNowhere)
	if c != nil && c.UnitlessLimit() != "" {
		a.console.Warn(terminal.Quote(p.config) + ": " + watch.SmallLimit(c.UnitlessLimit()))
	}
	return nil
}

// withPush calls do with the history, and with the target of the push in the configuration, where
// both are there. An error says that this push leads nowhere, as far as that can be told without
// asking a remote.
func (a *app) withPush(p *place, c *config.Config, do func(*history.History, *remote.Target)) error {
	if c == nil || c.Push == nil {
		return nil
	}
	h, err := a.openToRead(p.dest, "", nil)
	if err != nil {
		return nil
	}
	defer h.Close()
	t, err := a.pushTarget(h, a.pushingTo(p, c, ""))
	if err == nil {
		do(h, &t)
	}
	return err
}

// addAnswer puts what a person has answered to push in the place of what the configuration says.
func (a *app) addAnswer(d *settingsDocument, h *history.History, t *remote.Target) {
	list, _ := remote.AgreedTo(h.Commits())
	if t.Private || !slices.ContainsFunc(list, func(g remote.Agreed) bool { return g.IsOf(t) }) {
		return
	}
	for i := range d.Settings {
		if s := &d.Settings[i]; s.Key == "push.private" {
			s.Value, s.From, s.Line = "yes", "answer", 0
			s.origin = origin{kind: "answer", name: "answered; " + a.spell("push", "--private=false") + " takes it back"}
		}
	}
}

// warnOfPush warns of a push that leads nowhere; nil: it does not.
func (a *app) warnOfPush(err error) {
	if err != nil {
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

// lines are the settings for people, on a screen of so many columns; 0 where nothing is cut. A list
// has a line for each item.
func (d settingsDocument) lines(columns int) []string {
	found := d.found.words(0)
	if !d.Exists {
		found += "; does not exist"
	}
	lines := settingLines("configuration", terminal.Quote(d.Configuration), found, columns)
	lines = append(lines, settingLines("log", terminal.Quote(d.Log), "", columns)...)
	last := ""
	for _, s := range d.Settings {
		key := s.Key
		if key == last {
			key = ""
		}
		last = s.Key
		lines = append(lines, settingLines(key, terminal.Quote(s.Value), s.origin.words(s.Line), columns)...)
	}
	return lines
}

// settingLines are a value with its key, and from where it comes. What does not fit into a line of
// the screen goes on in another, a long value below its key.
func settingLines(key, value, from string, columns int) []string {
	head := terminal.Pad(key, keyWidth)
	if from != "" {
		from = "(" + from + ")"
	}
	line := head + value + "  " + from
	if from == "" {
		line = head + value
	}
	if columns == 0 || terminal.Columns(line) <= columns {
		return []string{line}
	}
	indent := strings.Repeat(" ", keyWidth)
	var lines []string
	switch {
	case terminal.Columns(head+value) <= columns:
		lines = append(lines, head+value)
	case strings.Contains(value, " ") && !strings.HasPrefix(value, "/"):
		lines = append(lines, terminal.Fold(head+value, columns, keyWidth, nil)...)
	default:
		if key != "" {
			lines = append(lines, key)
		}
		indent = "    "
		lines = append(lines, "  "+terminal.CutMiddle(value, columns-2))
	}
	if from == "" {
		return lines
	}
	if last := lines[len(lines)-1]; terminal.Columns(last+"  "+from) <= columns {
		lines[len(lines)-1] = last + "  " + from
		return lines
	}
	return append(lines, terminal.Fold(indent+from, columns, len(indent), nil)...)
}
