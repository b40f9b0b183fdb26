package main

import (
	"bytes"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/terminal"
)

// setUpCompletion makes completion fail for an unknown shell, where cobra would print help and
// succeed. It also makes bash's script complete below ~.
func (a *app) setUpCompletion(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Short = "print the completion script of a shell"
		cmd.RunE = func(cmd *cobra.Command, shells []string) error {
			if len(shells) > 0 {
				return &usageError{msg: "no completion for " + terminal.InQuotes(shells[0]), hint: "bash, zsh, fish or powershell"}
			}
			return cmd.Help()
		}
		cmd.Args = cobra.ArbitraryArgs
		for _, shell := range cmd.Commands() {
			if shell.Name() == "bash" {
				shell.RunE = a.bashCompletion
			}
		}
	}
}

// The script lets the shell expand ~ for the program. It then compares the answers with the typed
// word, and none would begin with it.
const (
	bashBefore = "    __timemachine_get_completion_results\n    __timemachine_process_completion_results\n"
	bashTilde  = "    [[ ${cur} == '~/'* ]] && cur=\"${HOME}${cur:1}\"\n"
)

func (a *app) bashCompletion(cmd *cobra.Command, _ []string) error {
	bare, err := cmd.Flags().GetBool("no-descriptions")
	if err != nil {
		return err
	}
	var script bytes.Buffer
	if err := cmd.Root().GenBashCompletionV2(&script, !bare); err != nil {
		return err
	}
	text := strings.Replace(script.String(), bashBefore, bashTilde+bashBefore, 1)
	if text == script.String() {
		return errors.New("the completion script is not as expected")
	}
	_, err = a.stdout.Write([]byte(text))
	return err
}
