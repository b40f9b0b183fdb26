package main

import (
	"context"
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

// TestHelpFits: every help fits a terminal of 80 columns.
func TestHelpFits(t *testing.T) {
	a := systemApp()
	a.columns = 0
	a.console = terminal.NewConsole(&strings.Builder{}, terminal.ConsoleOptions{})
	var each func(cmd *cobra.Command)
	each = func(cmd *cobra.Command) {
		if cmd.Name() == "completion" {
			return // cobra's own
		}
		var out strings.Builder
		cmd.SetOut(&out)
		cmd.InitDefaultHelpFlag()
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(out.String(), "\n") {
			if utf8.RuneCountInString(line) > narrow {
				t.Errorf("%s: %q", cmd.CommandPath(), line)
			}
		}
		for _, sub := range cmd.Commands() {
			each(sub)
		}
	}
	each(a.rootCommand())
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
		"manual": groffPages(t)["timemachine-configuration.7"],
	} {
		for _, key := range config.Keys {
			row := regexp.MustCompile(`(?m)^ +` + key + `( {2,}\S|$)`)
			if !row.MatchString(text) {
				t.Errorf("%s: no row of %s in\n%s", where, key, text)
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
