package main

import (
	"bytes"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/terminal"
)

// setUpCompletion makes completion fail for an unknown shell, where cobra would print help and
// succeed. It also corrects what cobra's scripts get wrong.
func (a *app) setUpCompletion(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Short = "print the completion script of a shell"
		cmd.Long = completionHelp
		cmd.Use = "completion SHELL"
		cmd.Example = completionExamples
		cmd.RunE = func(cmd *cobra.Command, shells []string) error {
			if len(shells) > 0 {
				return &usageError{msg: "no completion for " + terminal.InQuotes(shells[0]), hint: "bash, zsh, fish or powershell"}
			}
			return cmd.Help()
		}
		cmd.Args = cobra.ArbitraryArgs
		for _, shell := range cmd.Commands() {
			shell.Long, shell.Short = "", "the script for "+shell.Name()
			if _, corrected := scriptCorrections[shell.Name()]; corrected {
				shell.RunE = a.correctedScript
			}
		}
	}
}

const completionHelp = `Print the script with which a shell completes commands, flags, paths that the history knows, and the versions of a file with
their dates. make install installs it for bash, zsh and fish; a new shell has it then. bash needs the package bash-completion for it.`

const completionExamples = `  source <(timemachine completion bash)
  timemachine completion zsh >"${fpath[1]}/_timemachine"
  timemachine completion fish >~/.config/fish/completions/timemachine.fish`

// correction replaces a part of a completion script.
type correction struct{ before, after string }

// scriptCorrections are what is replaced in the scripts that cobra writes.
//
// The scripts of bash and zsh let the shell expand ~ for the program. They then compare the answers
// with the typed word, and none would begin with it. That of zsh also loses backslashes in the
// answers. That of fish takes the words apart and gives them to the shell again without the quotes
// that they had.
var scriptCorrections = map[string][]correction{
	"bash": {{
		"    __timemachine_get_completion_results\n    __timemachine_process_completion_results\n",
		"    [[ ${cur} == '~/'* ]] && cur=\"${HOME}${cur:1}\"\n    __timemachine_get_completion_results\n    __timemachine_process_completion_results\n",
	}},
	"zsh": {{
		"            comp=${comp//:/\\\\:}\n",
		"            [[ ${lastParam} == '~/'* ]] && comp=${comp#$HOME/}\n            comp=${comp//\\\\/\\\\\\\\}\n            comp=${comp//:/\\\\:}\n",
	}, {
		"        __timemachine_debug \"Calling _describe\"\n",
		"        [[ ${lastParam} == '~/'* ]] && compset -P '\\~/'\n",
	}},
	"fish": {{
		"    set -l args (commandline -opc)\n",
		`    set -l args (string escape -- (commandline -opc) | string replace -r "^'~/" "~/'")
`,
	}, {
		"    set -l lastArg (string escape -- (commandline -ct))\n",
		`    set -l typed (commandline -ct)
    set -l lastArg (begin; string unescape -- "$typed"; or string unescape -- "$typed'"; or string unescape -- "$typed\""; end)
    set lastArg (string escape -- "$lastArg")
`,
	}},
}

// correctedScript prints the completion script of a shell.
func (a *app) correctedScript(cmd *cobra.Command, _ []string) error {
	bare, err := cmd.Flags().GetBool("no-descriptions")
	if err != nil {
		return err
	}
	var script bytes.Buffer
	switch root := cmd.Root(); {
	case cmd.Name() == "bash":
		err = root.GenBashCompletionV2(&script, !bare)
	case cmd.Name() == "fish":
		err = root.GenFishCompletion(&script, !bare)
	case bare:
		err = root.GenZshCompletionNoDesc(&script)
	default:
		err = root.GenZshCompletion(&script)
	}
	if err != nil {
		return err
	}
	text := script.String()
	for _, c := range scriptCorrections[cmd.Name()] {
		corrected := strings.Replace(text, c.before, c.after, 1)
		if corrected == text {
			return errors.New("the completion script is not as expected")
		}
		text = corrected
	}
	_, err = a.stdout.Write([]byte(text))
	return err
}
