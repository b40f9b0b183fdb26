package history

import (
	"context"
	"iter"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/versions"
)

// Lineage yields e and the versions that its content came from, newest first. It goes on under the
// earlier name where a rename made the source, and ends where the source did not exist before.
func (h *History) Lineage(ctx context.Context, e *Entry) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		f, _, err := h.read.Commit(e.Commit, versions.OnlySource(e.Source))
		passed := map[object.ID]bool{} // a forged ring of renames ends
		for renamed := err == nil; renamed && !passed[f.Commit]; {
			if f, renamed, err = h.yieldLife(ctx, f, passed, yield); err != nil {
				break
			}
		}
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

// yieldLife yields the versions from f back to the one with which the source came into being. It
// returns the version before under an earlier name; false where there is none, or yield ended it.
func (h *History) yieldLife(ctx context.Context, f versions.Located, passed map[object.ID]bool, yield func(Entry, error) bool) (old versions.Located, renamed bool, err error) {
	for e, err := range h.entries(ctx, f) {
		if err != nil || !e.HasContent() {
			return old, false, err
		}
		passed[e.Commit] = true
		begins := e.Before == nil || !e.Before.HasContent()
		if begins {
			if old, renamed, err = h.earlierName(ctx, &e, nil); err != nil {
				return old, false, err
			}
		}
		if renamed {
			e.RenamedFrom = old.Source
		}
		if !yield(e, nil) {
			return old, false, nil
		}
		if begins {
			break
		}
	}
	return old, renamed, nil
}
