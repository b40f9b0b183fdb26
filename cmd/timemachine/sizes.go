package main

import (
	"context"
	"fmt"
	"strings"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
)

// sizesShown is how many sources status --sizes lists without -v.
const sizesShown = 20

// sizesDocument is the JSON document of status --sizes.
type sizesDocument struct {
	Sizes []sizeDocument `json:"sizes"`
}

// sizeDocument tells what the versions of one source take, in bytes.
type sizeDocument struct {
	render.PathDocument
	Versions int   `json:"versions"`
	Git      int64 `json:"git"`
	Files    int64 `json:"files"`
	Copies   int64 `json:"copies"`
}

// printSizes prints what the versions of each source take on disk, the most first.
func (a *app) printSizes(ctx context.Context, h *history.History) error {
	all, err := h.Commits().Usage(ctx, h.Tip())
	if err != nil {
		return err
	}
	if a.flags.json {
		doc := sizesDocument{Sizes: []sizeDocument{}}
		for i := range all {
			u := &all[i]
			doc.Sizes = append(doc.Sizes, sizeDocument{render.PathsJSON([]string{u.Source})[0], u.Versions, u.Git, u.Files, u.Copies})
		}
		return a.printJSON(doc)
	}
	const row = "%10s %10s %10s %8s  %s"
	lines := []string{fmt.Sprintf(row, ".git", "files", "copies", "versions", "")}
	for i := range all {
		u := &all[i]
		if i == sizesShown && !a.flags.verbose && len(all) > sizesShown+1 {
			var rest int64
			for j := range all[i:] {
				rest += all[i+j].Total()
			}
			lines = append(lines, fmt.Sprintf("%s in %d more, each smaller: -v lists them", render.SizeText(rest), len(all)-i))
			break
		}
		line := fmt.Sprintf(row, render.SizeText(u.Git), render.SizeText(u.Files), render.SizeText(u.Copies), fmt.Sprint(u.Versions), "")
		path := terminal.Quote(u.Source)
		if a.stdoutTerminal {
			path = terminal.CutMiddle(path, a.terminalColumns()-len(line))
		}
		lines = append(lines, line+path)
	}
	return a.print(strings.Join(lines, "\n"))
}
