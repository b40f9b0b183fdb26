package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/remote"
	"timemachine/watch/config"
)

func (a *app) configEditCommand() *cobra.Command {
	return newCommand("edit", "edit the configuration, checked before it is replaced", configEditHelp, noArgs,
		func(context.Context, []string) error { return a.configEdit() })
}

// configEdit lets the user edit a copy of the configuration, which replaces it once it is valid.
func (a *app) configEdit() error {
	p, err := a.configPlace()
	if err != nil {
		return err
	}
	if !exists(p.config) {
		_, err := a.existingConfig(p)
		return err
	}
	old, err := config.Read(p.config, a.watchEnv())
	if err != nil {
		return asConfigError(p.config, err)
	}
	a.openJournal(p.journal)
	draft, err := a.newDraft(filepath.Base(p.config), old)
	if err != nil {
		return err
	}
	changed, err := a.editDraft(p, draft, old)
	advice := "your text is in " + hint.ShellWord(draft)
	if text, rerr := os.ReadFile(draft); err != nil && rerr == nil && bytes.Equal(text, old) {
		advice = "name an editor in the variable EDITOR"
		err = errors.Join(err, os.RemoveAll(filepath.Dir(draft)))
	}
	msg := "configuration " + terminal.Quote(p.config) + " is unchanged: "
	var editor *editorError
	switch {
	case errors.Is(err, errMistake) || errors.As(err, &editor):
		return &usageError{msg: msg + err.Error(), hint: advice}
	case err != nil:
		return &failure{msg: msg + err.Error(), hint: advice, err: err}
	}
	if err := os.RemoveAll(filepath.Dir(draft)); err != nil {
		return err
	}
	if changed {
		a.journal.Info("edited", "configuration", p.config)
	}
	if err := a.printEdited(p.config, changed); err != nil || !changed {
		return err
	}
	c, err := a.loadConfig(p)
	if err == nil {
		err = a.setDestination(p, c)
	}
	if err == nil {
		a.warnOfPush(a.withPush(p, c, func(*history.History, *remote.Target) {}))
	}
	return err
}

// editDocument is what config edit --json prints.
type editDocument struct {
	Configuration string `json:"configuration"`
	Changed       bool   `json:"changed"`
}

func (a *app) printEdited(file string, changed bool) error {
	switch {
	case a.flags.json:
		return a.printJSON(editDocument{Configuration: file, Changed: changed})
	case a.flags.quiet:
		return nil
	case changed:
		return a.say("replaced configuration "+terminal.Quote(file), 2)
	}
	return a.say("configuration "+terminal.Quote(file)+" is unchanged", 2)
}

// newDraft makes a copy of the configuration in a folder that is closed to others, outside of all
// that may be watched.
func (a *app) newDraft(name string, data []byte) (string, error) {
	folder, err := os.MkdirTemp("", programName+"-edit-")
	if err != nil {
		return "", err
	}
	draft := filepath.Join(folder, name)
	if err := os.WriteFile(draft, data, 0o600); err != nil {
		return "", errors.Join(err, os.RemoveAll(folder))
	}
	return draft, nil
}

// editDraft opens the copy in the editor until it is valid or the user gives up, and replaces the
// configuration by it. An error leaves the copy.
func (a *app) editDraft(p *place, draft string, old []byte) (changed bool, err error) {
	for {
		if err := a.openEditor(draft); err != nil {
			return false, err
		}
		data, err := os.ReadFile(draft)
		if err != nil {
			return false, err
		}
		if bytes.Equal(data, old) {
			return false, nil
		}
		if _, err = config.Parse(p.config, data, a.watchEnv()); err == nil {
			return true, config.Replace(p.config, a.watchEnv(), old, data)
		}
		a.console.Error(err.Error())
		a.console.Hint(a.hintOf(err))
		again, asked := a.askToEdit()
		switch {
		case !asked:
			return false, errMistake
		case !again:
			return false, nil
		}
	}
}

// errMistake ends an edit whose text cannot be the configuration.
var errMistake = errors.New("the text has a mistake")

// editorError says that no editor could be used.
type editorError struct{ error }

func (e *editorError) Unwrap() error { return e.error }

// askToEdit asks what is to become of a text with a mistake. asked is false where nobody answers.
func (a *app) askToEdit() (again, asked bool) {
	if !a.stdinTerminal {
		return false, false
	}
	for in := bufio.NewReader(a.stdin); ; {
		a.console.Announce("edit again, or keep the old configuration and drop this text? Type edit or keep:")
		answer, err := a.readAnswer(in)
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "e", "edit":
			return true, true
		case "k", "keep":
			return false, true
		}
		if err != nil {
			return false, false
		}
	}
}

// openEditor runs the user's editor on a file, and waits until it ends. The editor alone is
// interrupted from the keyboard.
func (a *app) openEditor(file string) error {
	command := cmp.Or(a.env("VISUAL"), a.env("EDITOR"))
	if command == "" {
		if !a.stdinTerminal || !a.stdoutTerminal {
			return &editorError{errors.New("no editor is set, and there is no terminal")}
		}
		command = "vi"
	}
	cmd := exec.Command("sh", "-c", command+` "$@"`, command, file)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stdout, a.stderr
	err := cmd.Start()
	if err == nil {
		signal.Ignore(os.Interrupt, syscall.SIGQUIT)
		err = cmd.Wait()
		signal.Reset(os.Interrupt, syscall.SIGQUIT)
	}
	if err != nil {
		return &editorError{errors.New("the editor " + terminal.InQuotes(command) + " failed: " + durable.Reason(err))}
	}
	return nil
}
