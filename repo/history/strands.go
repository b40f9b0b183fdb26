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

// maxStrands is up to how many files a folder's log follows each one's own chain, instead of
// walking all commits.
const maxStrands = 2000

// strand is one source's chain, as far as it was followed.
type strand struct {
	found
	before found
	more   bool // before is one
}

// strands gives the versions of the sources that known names, newest capture first, each along its
// own chain.
func (h *History) strands(ctx context.Context, known map[string]Head) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var all strandHeap
		var err error
		for source := range known {
			f, ok, nerr := h.newest(ctx, source)
			if err = nerr; err == nil && ok {
				err = h.push(ctx, &all, f)
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
				e, err = h.pop(ctx, &all)
				tie = append(tie, e)
			}
			if err == nil {
				err = h.order(ctx, tie)
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

// pop takes the newest version, and puts the one before it in its place.
func (h *History) pop(ctx context.Context, all *strandHeap) (Entry, error) {
	s := heap.Pop(all).(strand)
	if !s.more {
		return h.entry(ctx, &s.Version, nil)
	}
	e, err := h.entry(ctx, &s.Version, &s.before.Version)
	if err == nil {
		err = h.push(ctx, all, s.before)
	}
	return e, err
}

// order sorts versions captured in one second as they were committed. Those of one run are in order
// already, unless one freed the path of another; these, and several runs in a second, are told
// apart by walking the commits of that second.
func (h *History) order(ctx context.Context, tie []Entry) error {
	if !slices.ContainsFunc(tie, func(e Entry) bool { return e.Scan != tie[0].Scan }) && !frees(tie) {
		return nil
	}
	older := map[object.ID]int{}
	for i := range tie {
		if err := h.count(ctx, tie[i].Commit, tie[i].Committed, older); err != nil {
			return err
		}
	}
	slices.SortStableFunc(tie, func(a, b Entry) int { return older[b.Commit] - older[a.Commit] })
	return nil
}

// frees tells whether one of the versions is a deletion that made way for another: a file for a
// folder, or the reverse, or a name that only some file systems tell from the other.
func frees(tie []Entry) bool {
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

// count notes in older, for the commit from and those before it that were captured in the same
// second, how many of that second lie before each.
func (h *History) count(ctx context.Context, from object.ID, second time.Time, older map[object.ID]int) error {
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
		c, err := h.R.Store.ReadCommit(id)
		if err != nil {
			return h.R.Damaged(fmt.Sprintf("commit %s cannot be read", id.Short()), err)
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

func (h *History) push(ctx context.Context, all *strandHeap, f found) error {
	before, ok, err := h.before(ctx, f)
	if err == nil {
		heap.Push(all, strand{f, before, ok})
	}
	return err
}

// strandHeap is a heap with the newest version on top.
type strandHeap []strand

func (s strandHeap) Len() int      { return len(s) }
func (s strandHeap) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *strandHeap) Push(x any)   { *s = append(*s, x.(strand)) }

// Pop takes the last one off.
func (s *strandHeap) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// Less puts later captures first, and within one those that a run commits later: deletions, then by
// mtime, then by path.
func (s strandHeap) Less(i, j int) bool {
	a, b := &s[i].Version, &s[j].Version
	gone := func(v *record.Version) int {
		if v.Event == record.Deleted {
			return 1
		}
		return 0
	}
	return cmp.Or(a.Committed.Compare(b.Committed), gone(a)-gone(b), a.Mtime.Compare(b.Mtime), strings.Compare(a.Source, b.Source)) > 0
}
