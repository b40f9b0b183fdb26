package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"timemachine/cmd/timemachine/internal/schedule"
	"timemachine/watch/config"
)

// manCommand writes the manual pages, for make man and for packagers, and docs/configuration.md.
// Users do not see it.
func (a *app) manCommand() *cobra.Command {
	var page, units string
	cmd := newCommand("man DIR", "write the manual pages to a folder", "", cobra.ArbitraryArgs, nil)
	cmd.Hidden = true
	cmd.Flags().StringVar(&page, "configuration", "", "write the page of the configuration as Markdown to `FILE`, and nothing else")
	cmd.Flags().StringVar(&units, "units", "", "write the units of systemd that a package ships to `DIR`, and nothing else")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if page != "" {
			return os.WriteFile(page, []byte(configurationPage()), 0o644)
		}
		if units != "" {
			return writeUnits(units)
		}
		if len(args) != 1 {
			return &usageError{msg: "man needs one folder", hint: "make it first, and name it: " + spell("man", "DIR")}
		}
		return writeManual(cmd.Root(), args[0], a.manualDate())
	}
	return cmd
}

// writeUnits writes the units of a package, for the configuration that setup makes as root.
func writeUnits(dir string) error {
	t := schedule.Task{Name: programName, Program: "/usr/bin/" + programName, Config: rootFolders.configFile(), Writes: []string{rootFolders.config}, Every: time.Minute}
	all, err := t.PackagedUnits()
	for name, text := range all {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return err
}

// manualDate is the date of the manual pages: that of SOURCE_DATE_EPOCH, which make sets to the
// newest commit, else that of the build, else today.
func (a *app) manualDate() string {
	t := a.now()
	if built, err := time.Parse(time.RFC3339, buildVersion().Time); err == nil {
		t = built
	}
	if seconds, err := strconv.ParseInt(a.env("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		t = time.Unix(seconds, 0)
	}
	return t.UTC().Format(time.DateOnly)
}

// hasPage tells whether a command or topic has a manual page of its own. That of the configuration
// is config.dat(5), that of the flags timemachine(1).
func hasPage(cmd *cobra.Command) bool {
	return !cmd.Hidden && cmd.Name() != "help" && cmd.Name() != "configuration" && cmd.Name() != "flags"
}

// writeManual writes a page for every command that a user sees, one for every help topic, and one
// for the configuration.
func writeManual(root *cobra.Command, dir, date string) error {
	var errs []error
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		if hasPage(cmd) {
			errs = append(errs, os.WriteFile(filepath.Join(dir, manName(cmd)), []byte(manPage(cmd, date)), 0o644))
		}
	}
	return errors.Join(append(errs, os.WriteFile(filepath.Join(dir, configManual), []byte(configManPage(date)), 0o644))...)
}

func manName(cmd *cobra.Command) string { return manTitle(cmd) + "." + manSection(cmd) }

func manTitle(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

func manSection(cmd *cobra.Command) string {
	if cmd.IsAdditionalHelpTopicCommand() {
		return "7"
	}
	return "1"
}

// manPage is the page of a command in the language of man(7). The same source and date give the
// same page.
func manPage(cmd *cobra.Command, date string) string {
	var p roff
	p.macro("TH", strings.ToUpper(manTitle(cmd)), manSection(cmd), date, "timemachine", "timemachine manual")
	p.section("NAME")
	p.text(escapeRoff(manTitle(cmd)) + ` \- ` + escapeRoff(cmd.Short))
	if cmd.Runnable() {
		p.section("SYNOPSIS")
		p.text(`\fB` + escapeRoff(cmd.CommandPath()) + `\fR` + escapeRoff(strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())))
	}
	p.section("DESCRIPTION")
	about := cmd.Long
	switch {
	case cmd.Name() == "config":
		about, _, _ = strings.Cut(about, "\n\n")
		about += "\n\nconfig.dat(5) explains the keys."
	case about == "":
		about = strings.ToUpper(cmd.Short[:1]) + cmd.Short[1:] + "."
	}
	p.prose(about)
	if !cmd.HasParent() {
		p.prose(environmentHelp)
	}
	p.options("OPTIONS", cmd.NonInheritedFlags())
	for _, c := range cmd.Commands() {
		if cmd.HasParent() && c.IsAvailableCommand() {
			p.section(strings.ToUpper(c.Name()))
			p.prose(cmp.Or(c.Long, strings.ToUpper(c.Short[:1])+c.Short[1:]+"."))
		}
	}
	if cmd.HasParent() && cmd.Runnable() {
		p.section("GLOBAL OPTIONS")
		p.fill(`Those of \fBtimemachine\fR(1): ` + escapeRoff(flagNames(cmd.InheritedFlags())) + ".")
	}
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.literal(strings.Split(cmd.Example, "\n"))
	}
	if cmd.Runnable() {
		p.exitStatus()
	}
	p.seeAlso(cmd)
	return p.String()
}

// exitStatus writes what the exit codes mean.
func (p *roff) exitStatus() {
	p.section("EXIT STATUS")
	for _, row := range [][2]string{
		{"0", "Done, also when nothing changed or another run was at work."},
		{"1", "Failed."},
		{"2", "Wrong usage or configuration; nothing was done."},
		{"3", "Done, but some files could not be recorded or restored; each is named."},
	} {
		p.macro("TP", "4")
		p.text(`\fB` + row[0] + `\fR`)
		p.fill(row[1])
	}
}

// configManual is the file name of the page of the configuration.
const configManual = "config.dat.5"

// configManPage is config.dat(5).
func configManPage(date string) string {
	var p roff
	p.macro("TH", "CONFIG.DAT", "5", date, "timemachine", "timemachine manual")
	p.section("NAME")
	p.text(`config.dat \- configuration of timemachine`)
	p.section("DESCRIPTION")
	p.prose(configurationForms)
	p.section("KEYS")
	for _, m := range config.Manuals {
		p.macro("TP")
		p.text(`\fB` + escapeRoff(m.Key) + `\fR`)
		p.fill(escapeRoff(m.Text))
		p.fill(escapeRoff("Value: " + m.Value + ". Default: " + m.Default + "."))
		p.macro("IP")
		p.literal(strings.Split(m.Example, "\n"))
	}
	p.section("RULES")
	p.prose(configurationRules)
	p.section("FULL CONFIGURATION")
	p.literal(strings.Split(strings.TrimRight(config.FullExample, "\n"), "\n"))
	p.section("SEE ALSO")
	p.text(`\fBtimemachine\fR(1), \fBtimemachine\-config\fR(1), \fBtimemachine\-push\fR(1), \fBtimemachine\-patterns\fR(7)`)
	return p.String()
}

func flagNames(set *pflag.FlagSet) string {
	var names []string
	set.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			names = append(names, "--"+f.Name)
		}
	})
	return strings.Join(names, ", ")
}

func (p *roff) options(title string, set *pflag.FlagSet) {
	set.SortFlags = false
	begun := false
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		if !begun {
			p.section(title)
			begun = true
		}
		value, usage := pflag.UnquoteUsage(f)
		term := "--" + f.Name
		if f.Shorthand != "" {
			term = "-" + f.Shorthand + ", " + term
		}
		term = `\fB` + escapeRoff(term) + `\fR`
		if value != "" {
			term += ` \fI` + escapeRoff(value) + `\fR`
		}
		p.macro("TP")
		p.text(term)
		p.fill(escapeRoff(usage))
	})
}

// seeAlso names the pages beside this one: of timemachine itself all, of others those of the same
// group and the topics.
func (p *roff) seeAlso(cmd *cobra.Command) {
	var same, topics []string
	for _, c := range cmd.Root().Commands() {
		page := `\fB` + escapeRoff(manTitle(c)) + `\fR(` + manSection(c) + `)`
		switch {
		case c == cmd || !hasPage(c):
		case c.IsAdditionalHelpTopicCommand():
			topics = append(topics, page)
		case !cmd.HasParent() || c.GroupID == cmd.GroupID && c.GroupID != "":
			same = append(same, page)
		}
	}
	pages := append([]string{`\fBgit\fR(1)`}, same...)
	if cmd.HasParent() {
		pages = append(pages, `\fBtimemachine\fR(1)`)
	}
	slices.Sort(pages)
	p.section("SEE ALSO")
	p.text(strings.Join(append(append(pages, `\fBconfig.dat\fR(5)`), topics...), ",\n"))
}
