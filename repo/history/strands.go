package history

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
)

// maxChains is up to how many files a folder's log follows each one's own chain, instead of
// walking all commits.
const maxChains = 2000

// sourceChain is one source's chain, as far as it was followed.
type sourceChain struct {
	located
	before located
	more   bool // before is one
}

// mergedChains gives the versions of the sources that known names, newest capture first, each along its
// own chain.
func (h *History) mergedChains(ctx context.Context, known map[string]Head) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var all chainHeap
		var err error
		for source := range known {
			f, ok, nerr := h.newest(ctx, source)
			if err = nerr; err == nil && ok {
				err = h.pushChain(ctx, &all, f)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
		}
		for len(all) > 0 {
			var tie []Entry
			for when := all[0].Committed; err == nil && len(all) > 0 && all[0].Committed.Equal(when); {
				var e Entry
				e, err = h.popChain(ctx, &all)
				tie = append(tie, e)
			}
			if err == nil {
				err = h.sortAsCommitted(ctx, tie)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, e := range tie {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// popChain takes the newest version, and puts the one before it in its place.
func (h *History) popChain(ctx context.Context, all *chainHeap) (Entry, error) {
	s := heap.Pop(all).(sourceChain)
	if !s.more {
		return h.newEntry(ctx, &s.Version, nil)
	}
	e, err := h.newEntry(ctx, &s.Version, &s.before.Version)
	if err == nil {
		err = h.pushChain(ctx, all, s.before)
	}
	return e, err
}

// sortAsCommitted sorts versions captured in one second as they were committed. Those of one run are in order
// already, unless one freed the path of another; these, and several runs in a second, are told
// apart by walking the commits of that second.
func (h *History) sortAsCommitted(ctx context.Context, tie []Entry) error {
	if !slices.ContainsFunc(tie, func(e Entry) bool { return e.Scan != tie[0].Scan }) && !freesPath(tie) {
		return nil
	}
	older := map[object.ID]int{}
	for i := range tie {
		if err := h.countWithinSecond(ctx, tie[i].Commit, tie[i].Committed, older); err != nil {
			return err
		}
	}
	slices.SortStableFunc(tie, func(a, b Entry) int { return older[b.Commit] - older[a.Commit] })
	return nil
}

// freesPath tells whether one of the versions is a deletion that made way for another: a file for a
// folder, or the reverse, or a name that only some file systems tell from the other.
func freesPath(tie []Entry) bool {
	gone, above := map[string]bool{}, map[string]bool{} // sources that went, folded, and the folders they lay in
	for i := range tie {
		if tie[i].Event == record.Deleted {
			source := dest.FoldCase(tie[i].Source)
			gone[source] = true
			for dir := path.Dir(source); !above[dir]; dir = path.Dir(dir) {
				above[dir] = true
			}
		}
	}
	return slices.ContainsFunc(tie, func(e Entry) bool {
		if len(gone) == 0 || e.Event == record.Deleted {
			return false
		}
		source := dest.FoldCase(e.Source)
		under := above[source] || gone[source]
		for dir := path.Dir(source); dir != "/" && !under; dir = path.Dir(dir) {
			under = gone[dir]
		}
		return under
	})
}

// countWithinSecond notes in older, for the commit from and those before it that were captured in the same
// second, how many of that second lie before each.
func (h *History) countWithinSecond(ctx context.Context, from object.ID, second time.Time, older map[object.ID]int) error {
	var line []object.ID
	n := 0
	for id := from; !id.IsZero(); {
		if k, met := older[id]; met {
			n = k + 1
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := h.commits.Store.ReadCommit(id)
		if err != nil {
			return h.commits.Damaged(fmt.Sprintf("commit %s cannot be read", id.Short()), err)
		}
		if !c.Committer.When.Equal(second) {
			break
		}
		line = append(line, id)
		if h.shallow[id] {
			break
		}
		id = c.FirstParent()
	}
	for _, id := range slices.Backward(line) {
		older[id] = n
		n++
	}
	return nil
}

func (h *History) pushChain(ctx context.Context, all *chainHeap, f located) error {
	before, ok, err := h.before(ctx, f)
	if err == nil {
		heap.Push(all, sourceChain{f, before, ok})
	}
	return err
}

// chainHeap is a heap with the newest version on top.
type chainHeap []sourceChain

func (s chainHeap) Len() int      { return len(s) }
func (s chainHeap) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *chainHeap) Push(x any)   { *s = append(*s, x.(sourceChain)) }

// Pop takes the last one off.
func (s *chainHeap) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// Less puts later captures first, and within one those that a run commits later: deletions, then by
// mtime, then by path.
func (s chainHeap) Less(i, j int) bool {
	a, b := &s[i].Version, &s[j].Version
	gone := func(v *record.Version) int {
		if v.Event == record.Deleted {
			return 1
		}
		return 0
	}
	return cmp.Or(a.Committed.Compare(b.Committed), gone(a)-gone(b), a.Mtime.Compare(b.Mtime), strings.Compare(a.Source, b.Source)) > 0
}
