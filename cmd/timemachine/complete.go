package main

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// completionTime is how long a shell waits for a completion at most.
const completionTime = 500 * time.Millisecond

// completePaths lets the commands that ask the history complete the paths it knows, deleted ones too. show and diff take
// one path, and then moments.
func (a *app) completePaths(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "log", "show", "diff":
			cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
				if len(args) > 0 {
					return nil, cobra.ShellCompDirectiveNoFileComp
				}
				return a.completeSources(word)
			}
		case "restore":
			cmd.ValidArgsFunction = func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
				return a.completeSources(word)
			}
		}
	}
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
	ctx, stop := context.WithTimeout(context.Background(), completionTime)
	defer stop()
	typed, beginning := path.Split(word)
	folder, err := a.sourcePath(ctx, h, cmp.Or(typed, "."))
	if err != nil {
		return nil, plain
	}
	sources, err := h.Sources(ctx, folder)
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
		if more {
			name += "/"
			directive = plain | cobra.ShellCompDirectiveNoSpace
		}
		names = append(names, typed+name)
	}
	slices.Sort(names)
	return slices.Compact(names), directive
}
