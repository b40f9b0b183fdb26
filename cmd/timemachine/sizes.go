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
	rows := make([]sizeRow, 0, len(all))
	for i := range all {
		u := &all[i]
		rows = append(rows, sizeRow{u.Source, u.Versions, u.Git, u.Files, u.Copies})
	}
	return a.print(strings.Join(sizeLines(rows, a.screenColumns(), a.flags.verbose), "\n"))
}

// sizeRow is what the versions of one source take, in bytes.
type sizeRow struct {
	source             string
	versions           int
	git, files, copies int64
}

func (r *sizeRow) total() int64 { return r.git + r.files + r.copies }

// narrowSizes is the width of a screen below which the places of the versions have no columns of
// their own.
const narrowSizes = 70

// sizeLines are the sizes for people, on a screen of so many columns; 0 where nothing is cut.
func sizeLines(all []sizeRow, columns int, verbose bool) []string {
	const row, narrowRow = "%10s %10s %10s %8s  ", "%10s %8s  "
	head := func(u *sizeRow) string {
		if columns > 0 && columns < narrowSizes {
			return fmt.Sprintf(narrowRow, render.SizeText(u.total()), fmt.Sprint(u.versions))
		}
		return fmt.Sprintf(row, render.SizeText(u.git), render.SizeText(u.files), render.SizeText(u.copies), fmt.Sprint(u.versions))
	}
	heading := fmt.Sprintf(row, ".git", "files", "copies", "versions")
	if columns > 0 && columns < narrowSizes {
		heading = fmt.Sprintf(narrowRow, "on disk", "versions")
	}
	lines := []string{strings.TrimRight(heading, " ")}
	for i := range all {
		if i == sizesShown && !verbose && len(all) > sizesShown+1 {
			var rest int64
			for j := range all[i:] {
				rest += all[i+j].total()
			}
			text := fmt.Sprintf("%s in %d more, each smaller: -v lists them", render.SizeText(rest), len(all)-i)
			if columns > 0 {
				return append(lines, terminal.Fold(text, columns, 2, nil)...)
			}
			return append(lines, text)
		}
		line, path := head(&all[i]), terminal.Quote(all[i].source)
		if columns > 0 && columns < narrowSizes && len(line)+terminal.Columns(path) > columns {
			lines = append(lines, strings.TrimRight(line, " "))
			line = "  "
		}
		if columns > 0 {
			path = terminal.CutMiddle(path, max(columns-len(line), 8))
		}
		lines = append(lines, line+path)
	}
	return lines
}
