package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// offeredVersions is the largest number of versions or runs that a shell offers for a WHEN.
const offeredVersions = 20

// completeWhen offers words for a WHEN: the newest versions of a file, or the newest runs that
// changed something in a folder, each with its time, and then common moments. Where the history
// cannot be read, or not soon, there are the moments alone. path is as typed; "" for none.
func (a *app) completeWhen(branch, path string) ([]string, cobra.ShellCompDirective) {
	var words []string
	if path != "" {
		words = a.offerVersions(branch, path)
	}
	return append(words, whenWords...), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// offerVersions are the words of completeWhen that the history knows.
func (a *app) offerVersions(branch, path string) []string {
	h, err := a.openHistory(branch)
	if err != nil {
		return nil
	}
	defer h.Close()
	ctx, stop := context.WithTimeout(context.Background(), searchTime)
	defer stop()
	source, err := a.sourcePath(ctx, h, path)
	if err != nil {
		return nil
	}
	var words []string
	for e, err := range h.Log(ctx, history.LogOptions{Path: source, Limit: offeredVersions}) {
		if err != nil {
			break
		}
		if e.Source != source || e.Folder {
			return a.offerRuns(ctx, h, source)
		}
		words = append(words, a.offer(len(words), e.Since, string(e.Event)))
	}
	return words
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

// offerRuns are the newest runs that changed anything at or below a folder, as WHEN counts them.
func (a *app) offerRuns(ctx context.Context, h *history.History, folder string) []string {
	var words []string
	scan, versions, when := "", 0, time.Time{}
	end := func() {
		if versions > 0 {
			words = append(words, a.offer(len(words), when, counted(versions, "version")))
		}
	}
	err := h.Walk(ctx, h.Tip(), object.ID{}, func(v record.Version, recorded bool) error {
		if !recorded || v.Source != folder && !strings.HasPrefix(v.Source, strings.TrimSuffix(folder, "/")+"/") {
			return nil
		}
		if versions == 0 || v.Scan == "" || v.Scan != scan {
			if end(); len(words) == offeredVersions {
				versions = 0
				return errEnough
			}
			scan, versions, when = v.Scan, 0, v.Committed
		}
		versions++
		return nil
	})
	if err == nil {
		end()
	}
	return words
}

// offer is the word for a version or run with so many newer ones, with its description.
func (a *app) offer(newer int, when time.Time, about string) string {
	return fmt.Sprintf("@%d\t%s  %s", newer, when.In(a.zone).Format(time.DateTime), about)
}

// counted is a number of things in words.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprint(n, " ", thing, "s")
}
