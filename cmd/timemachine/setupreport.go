package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch/config"
)

// setupReport is what a setup has done.
type setupReport struct {
	*place
	addedEntries
	config   *config.Config
	created  bool   // the configuration was missing
	outcome  string // of the destination: created or existed
	run      render.RunDocument
	versions int // that were recorded
	files    int // with a new version
	folders  int // likewise
}

// setupDocument is what setup --json prints.
type setupDocument struct {
	Configuration string             `json:"configuration"`
	Created       bool               `json:"created"`
	Destination   string             `json:"destination"`
	Outcome       string             `json:"outcome"`
	Added         []string           `json:"added"`
	Already       []string           `json:"already"`
	Run           render.RunDocument `json:"run"`
	Schedule      string             `json:"schedule"`
	Install       string             `json:"install"`
	Undo          string             `json:"undo"`
}

// printSetup says in a few lines what was done, how to have it run, and how to undo it.
func (a *app) printSetup(ctx context.Context, s *setupReport) error {
	line, file := a.scheduleLine(s.place)
	install := a.spell("schedule", "install")
	stop, drop := a.spell("schedule", "remove")+"; "+a.removal(filepath.Dir(s.place.config), s.place.isOwnName), a.removal(s.dest, s.isDestinationName)
	if a.flags.json {
		return a.printJSON(setupDocument{Configuration: s.place.config, Created: s.created, Destination: s.dest, Outcome: s.outcome,
			Added: render.OrEmpty(s.added), Already: render.OrEmpty(s.already), Run: s.run, Schedule: line, Install: install, Undo: stop + "; " + drop})
	}
	if a.flags.quiet {
		return nil
	}
	kept := "nothing new"
	if s.versions > 0 {
		kept = render.VersionsOf(s.versions, s.files, s.folders)
	}
	a.warnOfSetup(s.place)
	for _, command := range []string{stop, drop} {
		a.spelled.Add(command)
	}
	lines := []string{
		"watch " + few(s.config.Lines()) + "  (" + terminal.Quote(s.place.config) + ")",
		"kept  " + kept + " in " + terminal.Quote(s.dest),
	}
	if jobs := a.jobs(ctx, s.place, s.config); len(jobs) > 0 {
		lines = append(lines, "runs  "+jobText(&jobs[0]))
	} else {
		lines = append(lines, "runs  when you type: "+install, "or    "+a.byHand(line, file))
	}
	lines = append(lines,
		"stop  "+stop,
		"undo  stop it, and drop all versions: "+drop,
	)
	for _, line := range lines {
		if err := a.say(line, len("undo  ")); err != nil {
			return err
		}
	}
	return nil
}

// byHand is how to schedule without schedule install.
func (a *app) byHand(line, file string) string {
	command := ""
	switch {
	case file == "":
		return "by hand, a line for crontab -e: " + a.spelled.Add(line)
	case exists(file):
		return "look at what is there: " + a.spelled.Add("cat "+hint.ShellWord(file))
	case a.underSudo():
		command = "echo " + hint.ShellWord(line) + " | sudo tee " + hint.ShellWord(file)
	default:
		command = "echo " + hint.ShellWord(line) + " >" + hint.ShellWord(file)
	}
	return "by hand: " + a.spelled.Add(command)
}

// few names the first few of a list, and says how many more there are.
func few(names []string) string {
	const most = 3
	var words []string
	for _, name := range names[:min(len(names), most)] {
		words = append(words, terminal.Quote(name))
	}
	text := strings.Join(words, ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// warnOfSetup tells what keeps the next commands, or root's cron, from this setup.
func (a *app) warnOfSetup(p *place) {
	if err := config.CheckPrivate(a.program, a.watchEnv()); err != nil {
		a.console.Warn("cron would run, as root, a program that others can exchange: " + err.Error())
		a.console.Hint("install it first, and set up again: sudo make install")
	}
	if local, err := a.absolute(defaultConfig); err == nil && local != p.config && exists(local) {
		a.console.Warn("commands that are typed in this folder use its own " + terminal.Quote(local))
		a.console.Hint("if it is not wanted, here: rm " + hint.ShellWord(local))
	}
}

// isDestinationName tells whether a name in the destination's folder is timemachine's.
func (p *place) isDestinationName(name string) bool {
	return slices.Contains([]string{".git", ".gitattributes", "files", "copies", "README.txt"}, name) ||
		filepath.Dir(p.config) == p.dest && p.isOwnName(name)
}

// isOwnName tells whether a name in the folder of the configuration is timemachine's.
func (p *place) isOwnName(name string) bool {
	return name == filepath.Base(p.config) || isLogName(name)
}

// removal is the command that removes what is timemachine's in a folder: the folder itself where it
// holds nothing else.
func (a *app) removal(folder string, own func(name string) bool) string {
	words := []string{"rm -rf"}
	if a.underSudo() {
		words[0] = "sudo rm -rf"
	}
	entries, err := os.ReadDir(folder)
	var ours []string
	for _, e := range entries {
		if own(e.Name()) {
			ours = append(ours, hint.ShellWord(filepath.Join(folder, e.Name())))
		}
	}
	if err == nil && len(ours) == len(entries) {
		ours = []string{hint.ShellWord(folder)}
	}
	return strings.Join(append(words, ours...), " ")
}
