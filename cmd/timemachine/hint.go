package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/repo/refusal"
	"timemachine/repo/trust"
	"timemachine/watch/config"
)

// programName is what people type to run this program.
const programName = "timemachine"

// usageHint is the hint on a command line that cannot be understood.
var usageHint = "see " + spell("help")

// spell is a command of timemachine that needs no configuration and no destination, or that stands
// for all of its kind.
func spell(words ...string) string { return hint.Speller{Program: programName}.Command(words...) }

// spellAs is a command for the place that the flags of cmd name, in a check of its arguments.
func spellAs(cmd *cobra.Command, words ...string) string {
	s := hint.Speller{Program: programName}
	for _, f := range []struct{ name, flag string }{{"-c", "config"}, {"-cl", "config-location"}, {"-d", "destination"}} {
		if v := cmd.Flag(f.flag); v != nil && v.Value.String() != "" {
			s.Place = append(s.Place, hint.Flag{Name: f.name, Value: v.Value.String()})
		}
	}
	return s.Command(words...)
}

// speller spells the commands that messages tell people to type, for the configuration and the
// destination that this command line names.
func (a *app) speller() hint.Speller {
	s := hint.Speller{Program: programName, User: os.Geteuid(), Spelled: &a.spelled}
	if a.underSudo() {
		s.Program = "sudo " + programName
	}
	for _, f := range []struct{ name, value string }{{"-c", a.flags.config}, {"-cl", a.flags.location}, {"-d", a.flags.destination}} {
		if f.value != "" {
			s.Place = append(s.Place, hint.Flag{Name: f.name, Value: f.value})
		}
	}
	return s
}

// underSudo tells whether sudo started this very command, and no shell of root's.
func (a *app) underSudo() bool {
	command, _, _ := strings.Cut(a.env("SUDO_COMMAND"), " ")
	return a.uid == 0 && command != "" && filepath.Base(command) == filepath.Base(a.program)
}

// spell is a command of timemachine as the user types it next. The caller passes file names through
// hint.ShellWord before.
func (a *app) spell(words ...string) string { return a.speller().Command(words...) }

// again is the command line as it was typed, with another value of a flag, or with the flag added.
// An empty value stands for a flag without one. More are flags that it has not yet.
func (a *app) again(flag, value string, more ...string) string {
	words := a.typed(flag, value != "")
	added := []string{flag}
	if value != "" {
		added = append(added, hint.ShellWord(value))
	}
	added = append(added, more...)
	end := slices.Index(words, "--")
	if end < 0 {
		end = len(words)
	}
	return a.spelled.Add(strings.Join(slices.Insert(words, end, added...), " "))
}

// without is the command line as it was typed, but for a flag that has no value.
func (a *app) without(flag string) string {
	return a.spelled.Add(strings.Join(a.typed(flag, false), " "))
}

// typed returns the words of the command line without a flag, for a shell.
func (a *app) typed(without string, hasValue bool) []string {
	words := []string{a.speller().Program}
	for i := 0; i < len(a.args); i++ {
		name, _, joined := strings.Cut(a.args[i], "=")
		switch {
		case name != without:
			word := a.args[i]
			// a hyphen at its beginning needs no quotes
			if plain := "x" + word; hint.ShellWord(plain) != plain || word == "" {
				word = hint.ShellWord(word)
			}
			words = append(words, word)
		case hasValue && !joined:
			i++
		}
	}
	return words
}

// hintOf is the hint that an error carries; "" for none.
func (a *app) hintOf(err error) string {
	var u *usageError
	var f *failure
	var c *config.Error
	var s *refusal.Error
	var untrusted *trust.UntrustedError
	switch {
	case errors.As(err, &u):
		return u.hint
	case errors.As(err, &f):
		return f.hint
	case errors.As(err, &untrusted):
		return hint.Trust(untrusted)
	case errors.As(err, &c):
		return c.Hint
	case errors.As(err, &s):
		return a.speller().Words(s.Remedy)
	case errors.Is(err, syscall.EIO), errors.Is(err, structureNeedsCleaning):
		return "the disk or its file system is damaged: see dmesg; unmounted, fsck mends it"
	}
	return ""
}

// structureNeedsCleaning is EUCLEAN of Linux: a file system has found that it is damaged.
const structureNeedsCleaning = syscall.Errno(117)
