package repo

import (
	"cmp"
	"container/heap"
	"context"
	"iter"
	"strings"

	"timemachine/repo/record"
)

// maxStrands is up to how many files a folder's log follows each one's own chain, instead of walking all commits.
const maxStrands = 2000

// strand is one source's chain, as far as it was followed.
type strand struct {
	found
	before found
	more   bool // before is one
}

// strands gives the versions of the sources that known names, newest capture first, each along its own chain.
func (h *History) strands(ctx context.Context, known map[string]Head) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var all strandHeap
		for source := range known {
			f, ok, err := h.newest(ctx, source)
			if err == nil && ok {
				all, err = h.push(ctx, all, f)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
		}
		for len(all) > 0 {
			s := heap.Pop(&all).(strand)
			e := entry(&s.Version, nil)
			var err error
			if s.more {
				e = entry(&s.Version, &s.before.Version)
				all, err = h.push(ctx, all, s.before)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (h *History) push(ctx context.Context, all strandHeap, f found) (strandHeap, error) {
	before, ok, err := h.before(ctx, f)
	if err == nil {
		heap.Push(&all, strand{f, before, ok})
	}
	return all, err
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

// Less puts later captures first, and within one those that a run commits later: deletions, then by mtime, then by path.
func (s strandHeap) Less(i, j int) bool {
	a, b := &s[i].Version, &s[j].Version
	gone := func(v *Version) int {
		if v.Event == record.Deleted {
			return 1
		}
		return 0
	}
	return cmp.Or(a.Captured.Compare(b.Captured), gone(a)-gone(b), a.Mtime.Compare(b.Mtime), strings.Compare(a.Source, b.Source)) > 0
}
