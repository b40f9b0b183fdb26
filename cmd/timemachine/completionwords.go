package main

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"timemachine/repo/history"
	"timemachine/repo/record"
)

// searchTime is the longest that a person waits for words to choose from while deleted files are
// searched.
const searchTime = 500 * time.Millisecond

// sourcesSoon lists the sources known at and below path. It leaves deleted ones out where they take
// longer than searchTime to find.
func sourcesSoon(ctx context.Context, h *history.History, path string) ([]string, error) {
	ctx, stop := context.WithTimeout(ctx, searchTime)
	defer stop()
	sources, err := h.Sources(ctx, path)
	if errors.Is(err, context.DeadlineExceeded) {
		return h.Current(path)
	}
	return sources, err
}

// whenWords are examples that shells offer for a WHEN.
var whenWords = []string{"1h", "1d", "today", "yesterday"}

// registerCompletions sets up the words that shells complete. Commands that ask the history offer
// the paths that it knows, also deleted ones, and moments. Flags offer their values.
func (a *app) registerCompletions(root *cobra.Command) {
	const plain = cobra.ShellCompDirectiveNoFileComp
	sources := func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		return a.completeSources(typedBranch(cmd), word)
	}
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "log", "ls", "show", "diff", "blame":
			cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
				switch {
				case len(args) == 0:
					return a.completeSources(typedBranch(cmd), word)
				case cmd.Name() == "diff" && len(args) < 3:
					return a.completeWhen(typedBranch(cmd), args[0])
				}
				return nil, plain
			}
		case "restore":
			cmd.ValidArgsFunction = sources
		}
		for _, name := range []string{"since", "until"} {
			if cmd.Flags().Lookup(name) != nil {
				cobra.CheckErr(cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(whenWords, plain)))
			}
		}
		if cmd.Flags().Lookup("at") != nil {
			cobra.CheckErr(cmd.RegisterFlagCompletionFunc("at", func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
				return a.completeWhen(typedBranch(cmd), strings.Join(args[:min(len(args), 1)], ""))
			}))
		}
	}
	cobra.CheckErr(errors.Join(root.MarkPersistentFlagDirname("destination"), root.MarkPersistentFlagDirname("config-location")))
}

// completeSources are the names in the folder of word that the history on a branch knows, "" for
// the recorded one, and that begin like word. There are none where the history cannot be read, or
// not soon.
func (a *app) completeSources(branch, word string) ([]string, cobra.ShellCompDirective) {
	const plain = cobra.ShellCompDirectiveNoFileComp
	h, err := a.openHistory(branch)
	if err != nil {
		return nil, plain
	}
	defer h.Close()
	ctx := context.Background()
	typed, beginning := path.Split(word)
	where := cmp.Or(typed, ".")
	if below, ok := strings.CutPrefix(typed, "~/"); ok { // as fish gives it
		where = path.Join(a.home(), below)
	}
	folder, err := a.sourcePath(ctx, h, where)
	if err != nil {
		return nil, plain
	}
	sources, err := sourcesSoon(ctx, h, folder)
	if err != nil {
		return nil, plain
	}
	directive := plain
	var names []string
	for _, source := range sources {
		rest, below := strings.CutPrefix(source, strings.TrimSuffix(folder, "/")+"/")
		if !below || !strings.HasPrefix(rest, beginning) {
			continue
		}
		name, _, more := strings.Cut(rest, "/")
		if strings.ContainsFunc(name, record.Hidden) {
			continue // a shell would print it unescaped
		}
		if more {
			name += "/"
			directive = plain | cobra.ShellCompDirectiveNoSpace
		}
		names = append(names, typed+name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	known := slices.Clone(names)
	return slices.DeleteFunc(names, func(name string) bool { // of a folder, the word that leads on
		_, isFolder := slices.BinarySearch(known, name+"/")
		return isFolder
	}), directive
}
