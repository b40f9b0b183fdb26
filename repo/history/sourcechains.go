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
	"timemachine/repo/internal/versions"
	"timemachine/repo/record"
)

// maxChains is the number of files up to which the log of a folder follows the chain of each file.
// The log of a larger folder walks all commits.
const maxChains = 2000

// sourceChain is the chain of one source, from the version that was reached back.
type sourceChain struct {
	versions.Located
	before    versions.Located
	hasBefore bool
}

// mergedChains yields the versions of the sources, the last committed first, each along its own
// chain.
func (h *History) mergedChains(ctx context.Context, known map[string]Head) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var all chainHeap
		var err error
		for source := range known {
			f, ok, nerr := h.read.Newest(ctx, source)
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

// popChain removes the newest version and adds the one before it.
func (h *History) popChain(ctx context.Context, all *chainHeap) (Entry, error) {
	s := heap.Pop(all).(sourceChain)
	if !s.hasBefore {
		return h.newEntry(ctx, &s.Version, nil)
	}
	e, err := h.newEntry(ctx, &s.Version, &s.before.Version)
	if err == nil {
		err = h.pushChain(ctx, all, s.before)
	}
	return e, err
}

// sortAsCommitted sorts versions that were committed within one second by the order of their
// commits. The versions of one run are sorted already, unless one freed the path of another. All
// others are told apart by reading the commits of that second.
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

// freesPath tells whether one of the versions is a deletion that freed the path of another: a file
// deleted for a folder, or the reverse, or for a name that differs in case only.
func freesPath(tie []Entry) bool {
	deleted, above := map[string]bool{}, map[string]bool{} // case-folded sources, and folders
	for i := range tie {
		if tie[i].Ends() {
			source := dest.FoldCase(tie[i].Source)
			deleted[source] = true
			for dir := path.Dir(source); !above[dir]; dir = path.Dir(dir) {
				above[dir] = true
			}
		}
	}
	return slices.ContainsFunc(tie, func(e Entry) bool {
		if len(deleted) == 0 || e.Ends() {
			return false
		}
		source := dest.FoldCase(e.Source)
		under := above[source] && !e.IsOnlyFolder() || deleted[source]
		for dir := path.Dir(source); dir != "/" && !under; dir = path.Dir(dir) {
			under = deleted[dir]
		}
		return under
	})
}

// countWithinSecond goes back from a commit through the commits of the same second. It notes in
// older how many of them lie before each.
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
		if h.commits.Shallow[id] {
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

// pushChain adds the chain that begins with f.
func (h *History) pushChain(ctx context.Context, all *chainHeap, f versions.Located) error {
	before, ok, err := h.read.Before(ctx, f)
	if err == nil {
		heap.Push(all, sourceChain{f, before, ok})
	}
	return err
}

// chainHeap is a heap of chains with the newest version on top.
type chainHeap []sourceChain

func (s chainHeap) Len() int      { return len(s) }
func (s chainHeap) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *chainHeap) Push(x any)   { *s = append(*s, x.(sourceChain)) }

// Pop removes the last element.
func (s *chainHeap) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// Less puts later commits first. Within a second it reverses the order in which a run commits most
// versions. Of a flood or a large file, which come later, it takes no account: who prints versions
// orders them by the time from which they were in force.
func (s chainHeap) Less(i, j int) bool {
	a, b := &s[i].Version, &s[j].Version
	byPath := strings.Compare(a.Source, b.Source)
	if rank(a) == deletedFolder {
		byPath = -byPath // the deeper first
	}
	return cmp.Or(a.Committed.Compare(b.Committed), rank(a)-rank(b), a.Mtime.Compare(b.Mtime), byPath) > 0
}

// The kinds of versions in the order in which a run commits them.
const (
	folderFromFile = iota
	presentFolder
	presentFile
	deletedFile
	deletedFolder
)

// rank is the kind of a version.
func rank(v *record.Version) int {
	switch {
	case v.Ends() && v.Folder:
		return deletedFolder
	case v.Ends():
		return deletedFile
	case v.Folder && v.Event == record.TypeChanged:
		return folderFromFile
	case v.Folder:
		return presentFolder
	}
	return presentFile
}
