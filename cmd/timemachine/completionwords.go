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

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo"
)

// searchTime is how long somebody who only asks for hints waits at most for a search of all that was deleted.
const searchTime = 500 * time.Millisecond

// sourcesSoon lists the sources known at and below path, without those that are deleted where these take long to find.
func sourcesSoon(ctx context.Context, h *repo.History, path string) ([]string, error) {
	ctx, stop := context.WithTimeout(ctx, searchTime)
	defer stop()
	sources, err := h.Sources(ctx, path)
	if errors.Is(err, context.DeadlineExceeded) {
		return h.Current(path)
	}
	return sources, err
}

// whenWords are offered where a WHEN is asked for, to show what one looks like.
var whenWords = []string{"@1", "1h", "1d", "today", "yesterday"}

// registerCompletions sets up what shells complete: of the commands that ask the history the paths it knows, deleted ones too,
// and moments; of flags their values.
func (a *app) registerCompletions(root *cobra.Command) {
	const plain = cobra.ShellCompDirectiveNoFileComp
	sources := func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		return a.completeSources(word)
	}
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "log", "show", "diff":
			cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
				switch {
				case len(args) == 0:
					return a.completeSources(word)
				case cmd.Name() == "diff" && len(args) < 3:
					return whenWords, plain
				}
				return nil, plain
			}
		case "restore":
			cmd.ValidArgsFunction = sources
		}
		for _, name := range []string{"at", "since", "until"} {
			if cmd.Flags().Lookup(name) != nil {
				cobra.CheckErr(cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(whenWords, plain)))
			}
		}
	}
	cobra.CheckErr(errors.Join(root.MarkPersistentFlagDirname("destination"), root.MarkPersistentFlagDirname("config-location")))
}

// completeSources are the names in the folder of word, as the history knows them, that begin as word does; nothing where
// the history cannot be read, or not soon.
func (a *app) completeSources(word string) ([]string, cobra.ShellCompDirective) {
	const plain = cobra.ShellCompDirectiveNoFileComp
	h, err := a.openHistory()
	if err != nil {
		return nil, plain
	}
	defer h.Close()
	ctx := context.Background()
	typed, beginning := path.Split(word)
	folder, err := a.sourcePath(ctx, h, cmp.Or(typed, "."))
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
		if strings.ContainsFunc(name, terminal.Hazardous) {
			continue // a shell would show it as it is
		}
		if more {
			name += "/"
			directive = plain | cobra.ShellCompDirectiveNoSpace
		}
		names = append(names, typed+name)
	}
	slices.Sort(names)
	return slices.Compact(names), directive
}
