package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand writes the manual pages, for make man and for packagers. Users do not see it.
func (a *app) manCommand() *cobra.Command {
	cmd := newCommand("man DIR", "write the manual pages to a folder", "", cobra.ExactArgs(1), nil)
	cmd.Hidden = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return writeManual(cmd.Root(), args[0]) }
	return cmd
}

// writeManual writes a page for every command that a user sees, and one for every help topic.
func writeManual(root *cobra.Command, dir string) error {
	var errs []error
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		if cmd.Hidden || cmd.Name() == "help" {
			continue
		}
		errs = append(errs, os.WriteFile(filepath.Join(dir, manName(cmd)), []byte(manPage(cmd)), 0o644))
	}
	return errors.Join(errs...)
}

func manName(cmd *cobra.Command) string { return manTitle(cmd) + "." + manSection(cmd) }

func manTitle(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

func manSection(cmd *cobra.Command) string {
	if cmd.IsAdditionalHelpTopicCommand() {
		return "7"
	}
	return "1"
}

// manPage is the page of a command in the language of man(7). It has no date: the same source gives
// the same page.
func manPage(cmd *cobra.Command) string {
	var p roff
	p.macro("TH", strings.ToUpper(manTitle(cmd)), manSection(cmd), "", "timemachine", "timemachine manual")
	p.section("NAME")
	p.text(manTitle(cmd) + ` \- ` + escapeRoff(cmd.Short))
	if cmd.Runnable() {
		p.section("SYNOPSIS")
		p.text(`\fB` + escapeRoff(cmd.CommandPath()) + `\fR` + escapeRoff(strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())))
	}
	p.section("DESCRIPTION")
	about := cmd.Long
	if about == "" {
		about = strings.ToUpper(cmd.Short[:1]) + cmd.Short[1:] + "."
	}
	p.prose(about)
	p.options("OPTIONS", cmd.NonInheritedFlags())
	if cmd.HasParent() && cmd.Runnable() {
		p.section("GLOBAL OPTIONS")
		p.text(`Those of \fBtimemachine\fR(1): ` + escapeRoff(flagNames(cmd.InheritedFlags())) + ".")
	}
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.literal(strings.Split(cmd.Example, "\n"))
	}
	p.seeAlso(cmd)
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
		p.text(escapeRoff(usage))
	})
}

func (p *roff) seeAlso(cmd *cobra.Command) {
	var others []string
	if cmd.HasParent() {
		others = append(others, `\fBtimemachine\fR(1)`)
	}
	for _, c := range cmd.Commands() {
		if !c.Hidden && c.Name() != "help" && !cmd.HasParent() {
			others = append(others, `\fB`+escapeRoff(manTitle(c))+`\fR(`+manSection(c)+`)`)
		}
	}
	p.section("SEE ALSO")
	p.text(strings.Join(append(others, `\fBgit\fR(1)`), ", "))
}

// helpTopics are pages of help that belong to no command.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{{
		Use:   "configuration",
		Short: "what the configuration may hold",
		Long:  configurationHelp,
	}, {
		Use:   "reading-with-git",
		Short: "the same questions, answered by git alone",
		Long:  readingHelp,
	}}
}
