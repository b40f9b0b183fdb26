package main

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch/config"
)

// TestHelpFits: every help fits a terminal of 80 columns, and that of the program one of 40 lines.
func TestHelpFits(t *testing.T) {
	a := systemApp()
	a.columns = 0
	var each func(cmd *cobra.Command)
	each = func(cmd *cobra.Command) {
		for _, text := range []string{shortHelp(cmd, a.width()), fullHelp(cmd, a.width())} {
			for line := range strings.SplitSeq(text, "\n") {
				if utf8.RuneCountInString(line) > narrow {
					t.Errorf("%s: %q", cmd.CommandPath(), line)
				}
			}
		}
		for _, sub := range cmd.Commands() {
			each(sub)
		}
	}
	root := a.rootCommand()
	each(root)
	text := shortHelp(root, a.width())
	if n := strings.Count(text, "\n"); n > 40 {
		t.Errorf("the help has %d lines", n)
	}
	for _, cmd := range root.Commands() {
		if !cmd.Hidden && cmd.Name() != "help" && cmd.Name() != "configuration" && !regexp.MustCompile(`(?m)^  .*\b`+cmd.Name()+`\b`).MatchString(text) {
			t.Errorf("the help does not name %s", cmd.Name())
		}
	}
}

// TestHelpFolds: on a terminal of few columns help is folded at its words, and loses none of them.
func TestHelpFolds(t *testing.T) {
	a := systemApp()
	var each func(cmd *cobra.Command)
	each = func(cmd *cobra.Command) {
		a.columns = narrow
		whole := strings.Join(strings.Fields(fullHelp(cmd, a.width())), " ")
		for _, a.columns = range []int{60, 40, 30} {
			text := fitText(fullHelp(cmd, a.width()), a.width())
			for line := range strings.SplitSeq(text, "\n") {
				if utf8.RuneCountInString(line) > a.columns && strings.Contains(strings.TrimSpace(line), " ") {
					t.Errorf("%s on %d columns: %q", cmd.CommandPath(), a.columns, line)
				}
			}
			if folded := strings.Join(strings.Fields(text), " "); folded != whole {
				t.Errorf("%s on %d columns is another text:\n%s\n%s", cmd.CommandPath(), a.columns, folded, whole)
			}
		}
		for _, sub := range cmd.Commands() {
			each(sub)
		}
	}
	each(a.rootCommand())
}

// TestHelpHasExamples: every command has examples, which its flags and arguments accept.
func TestHelpHasExamples(t *testing.T) {
	tried := 0
	var each func(cmd *cobra.Command)
	each = func(cmd *cobra.Command) {
		if !cmd.Hidden && cmd.Runnable() && cmd.HasParent() && cmd.Example == "" && cmd.Parent().Name() != "completion" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			if err := parseExample(line); err != nil {
				t.Errorf("%s: %q: %v", cmd.CommandPath(), line, err)
			}
			tried++
		}
		for _, sub := range cmd.Commands() {
			each(sub)
		}
	}
	each(systemApp().rootCommand())
	if tried < 60 {
		t.Errorf("%d examples", tried)
	}
	for _, wrong := range []string{"  timemachine log --nope", "  timemachine nope", "  timemachine show", "  git log"} {
		if parseExample(wrong) == nil {
			t.Errorf("%q counts as an example", wrong)
		}
	}
}

// parseExample finds the command of an example, and lets it take its words.
func parseExample(line string) error {
	line = regexp.MustCompile(`^  (sudo |source <\(|EDITOR=nano )?`).ReplaceAllString(strings.TrimRight(line, ")\n"), "")
	line, _, _ = strings.Cut(line, "  ") // what it does
	line, _, _ = strings.Cut(line, " >")
	var words []string
	for _, m := range regexp.MustCompile(`'([^']*)'|(\S+)`).FindAllStringSubmatch(line, -1) {
		words = append(words, m[1]+m[2])
	}
	if len(words) == 0 || words[0] != programName {
		return errors.New("another program")
	}
	a := systemApp()
	root := a.rootCommand()
	cmd, rest, err := root.Find(rewriteArgs(separateGit(allFlags(root), words[1:])))
	if err == nil && cmd.Name() != "git" {
		err = cmd.ParseFlags(rest)
		rest = cmd.Flags().Args()
	}
	if err == nil && cmd == root && len(rest) > 0 {
		err = errors.New("unknown command")
	}
	if err == nil && cmd.Args != nil {
		err = cmd.Args(cmd, rest)
	}
	return err
}

// TestManualFits: every manual page fits 80 columns as groff sets it.
func TestManualFits(t *testing.T) {
	for page, text := range groffPages(t) {
		for line := range strings.SplitSeq(text, "\n") {
			if utf8.RuneCountInString(line) > narrow {
				t.Errorf("%s: %q", page, line)
			}
		}
	}
}

// TestConfigurationKeysAreRows: each key begins a row of its own, in the help and in the manual.
func TestConfigurationKeysAreRows(t *testing.T) {
	for where, text := range map[string]string{
		"help":   terminal.Wrap(configurationHelp, narrow),
		"manual": groffPages(t)[configManual],
	} {
		for _, m := range config.Manuals {
			row := regexp.MustCompile(`(?m)^ +` + m.Key + `( {2,}\S|$)`)
			if !row.MatchString(text) {
				t.Errorf("%s: no row of %s in\n%s", where, m.Key, text)
			}
		}
	}
}

// groffPages are the manual pages as a terminal of 80 columns shows them.
func groffPages(t *testing.T) map[string]string {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here")
	}
	dir := t.TempDir()
	if code := bareApp(t, "man", dir).execute(context.Background()); code != 0 {
		t.Fatalf("exit %d", code)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	pages := map[string]string{}
	for _, file := range files {
		out, err := exec.Command(groff, "-man", "-Tutf8", "-P-cbou", "-rLL=80n", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.Base(file)] = string(out)
	}
	return pages
}
