package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// offer is what one run deleted below a folder, and what is deleted still. A restore of the folder
// does not bring it back, and says how to.
type offer struct {
	path  string
	run   []history.Entry
	first bool // it is what --deleted means without --at
}

// offerDeleted finds the newest run that deleted something at or below a path that is not restored;
// nil for none.
func (a *app) offerDeleted(ctx context.Context, h *history.History, s *pathState) (*offer, error) {
	restored := map[string]bool{}
	for i := range s.entries {
		restored[s.entries[i].Source] = true
	}
	first := true
	for run, err := range h.Deleted(ctx, s.path) {
		if err != nil {
			return nil, err
		}
		var others []history.Entry
		for _, e := range run {
			if !restored[e.Source] {
				others = append(others, e)
			}
		}
		if len(others) > 0 {
			return &offer{path: s.path, run: others, first: first && len(others) == len(run)}, nil
		}
		first = false
	}
	return nil, nil
}

// what is a number of files and folders, and where they were; or the only one.
func (o *offer) what() string {
	if len(o.run) == 1 {
		return terminal.Quote(o.run[0].Source)
	}
	files, folders := 0, 0
	for i := range o.run {
		if o.run[i].Folder {
			folders++
		} else {
			files++
		}
	}
	return render.CountBoth(files, folders) + " below " + terminal.Quote(o.path)
}

// line says what was deleted when: its number and some names. A folder's stands for what was in it.
func (o *offer) line(zone *time.Location) string {
	text := o.what() + " " + plural(len(o.run), "was", "were") + " deleted " + render.Minute(o.run[0].Since, zone)
	if len(o.run) == 1 {
		return text
	}
	var names []string
	last := ""
	for i := range o.run {
		e := &o.run[i]
		if last != "" && isAtOrBelow(e.Source, last) {
			continue
		}
		if e.Folder {
			last = e.Source
		}
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(e.Source, o.path), "/"))
	}
	return text + ": " + record.QuoteSome(names)
}

// hint is the command that brings it back, to where the restore at hand writes.
func (o *offer) hint(a *app, h *history.History, to *restoreOptions) string {
	words := []string{"restore", hint.ShellWord(o.path), "--deleted"}
	if !o.first {
		words = append(words, "--at", o.run[0].Commit.Short())
	}
	if to.to != "" {
		words = append(words, "--to", hint.ShellWord(to.to))
	}
	if to.strip > 0 {
		words = append(words, "--strip", strconv.Itoa(to.strip))
	}
	return a.spellOn(h, words...) + " brings " + plural(len(o.run), "it", "them") + " back"
}

// plural is the word for one or for several.
func plural(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

// paths are what it offers.
func (o *offer) paths() []string {
	var paths []string
	for i := range o.run {
		paths = append(paths, o.run[i].Source)
	}
	return paths
}
