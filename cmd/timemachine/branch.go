package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

const branchUsage = "ask the history on branch `NAME`, such as hosts/web1 or origin/hosts/web1 (default the recorded one)"

// addBranchFlag adds --branch to a command that asks the history.
func (a *app) addBranchFlag(cmd *cobra.Command, branch *string) {
	cmd.Flags().VarP((*oneBranch)(branch), "branch", "b", branchUsage)
	a.completeBranchFlag(cmd)
}

// oneBranch is the value of a flag that names one branch: a second one is refused.
type oneBranch string

func (b *oneBranch) String() string { return string(*b) }
func (b *oneBranch) Type() string   { return "string" }

func (b *oneBranch) Set(name string) error {
	if *b != "" && *b != oneBranch(name) {
		return errors.New("only one branch can be named here")
	}
	*b = oneBranch(name)
	return nil
}

// completeBranchFlag lets shells complete the names of branches that hold a history.
func (a *app) completeBranchFlag(cmd *cobra.Command) {
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc("branch", func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		return a.completeBranches(word), cobra.ShellCompDirectiveNoFileComp
	}))
}

// completeBranches are the names of branches that begin like word. There are none where they cannot
// be read, or not soon.
func (a *app) completeBranches(word string) []string {
	p, err := a.askPlace()
	if err != nil {
		return nil
	}
	ctx, stop := context.WithTimeout(context.Background(), searchTime)
	defer stop()
	branches, err := history.Branches(ctx, p.dest, history.Options{Log: a.logAction})
	if err != nil {
		return nil
	}
	var names []string
	for _, b := range branches {
		if b.Err == nil && strings.HasPrefix(b.Name, word) && !strings.ContainsFunc(b.Name, record.Hidden) {
			names = append(names, b.Name)
		}
	}
	return names
}

// spellOn is a command that asks the history, on the branch that h reads.
func (a *app) spellOn(h *history.History, words ...string) string {
	if h.IsOther() {
		words = append(words, "-b", hint.ShellWord(h.Branch()))
	}
	return a.spell(words...)
}

// typedBranch is the branch on a command line that is being completed; "" for none.
func typedBranch(cmd *cobra.Command) string {
	f := cmd.Flags()
	if name, err := f.GetString("branch"); err == nil {
		return name
	}
	if names, err := f.GetStringArray("branch"); err == nil && len(names) > 0 {
		return names[0]
	}
	return ""
}
