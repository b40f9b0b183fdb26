package outgoing

import (
	"container/heap"

	"timemachine/repo/git/object"
)

// sides finds the commits that merges bring in beside the line.
type sides struct {
	f        *finder
	atRemote map[object.ID]bool // commits that the remote has, as far as they were met
	read     map[object.ID]*object.CommitData
}

func newSides(f *finder) *sides {
	return &sides{f: f, atRemote: map[object.ID]bool{}, read: map[object.ID]*object.CommitData{}}
}

func (s *sides) commit(id object.ID) (*object.CommitData, error) {
	if c, ok := s.read[id]; ok {
		return c, nil
	}
	c, err := s.f.c.Store.ReadCommit(id)
	if err != nil {
		return nil, s.f.damaged(id, err)
	}
	c.Message = ""
	s.read[id] = c
	return c, nil
}

// dated is a commit in the queue of paint, latest first.
type dated struct {
	id   object.ID
	when int64
}

type queue []dated

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].when > q[j].when }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(dated)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	d := (*q)[last]
	*q = (*q)[:last]
	return d
}

// paint marks the commits that the remote has, back from those of has, as far as they can meet
// ancestors of tip: it goes by date, and ends when all that is left is at the remote. Where dates
// run backwards, it can miss some.
func (s *sides) paint(tip object.ID) error {
	var q queue
	seen := map[object.ID]bool{}
	wanted := 0 // commits in q that are not known to be at the remote
	push := func(id object.ID, remote bool) error {
		if seen[id] {
			if remote && !s.atRemote[id] {
				return s.mark(id, &q, &wanted)
			}
			return nil
		}
		c, err := s.commit(id)
		if err != nil {
			return err
		}
		seen[id] = true
		if remote {
			s.atRemote[id] = true
		} else {
			wanted++
		}
		heap.Push(&q, dated{id, c.Committer.When.Unix()})
		return nil
	}
	for id := range s.f.has {
		if has, err := s.f.c.Store.Has(id); err != nil || !has {
			continue
		}
		// It may be a tag, or damaged: then it is no help.
		if _, err := s.f.c.Store.ReadCommit(id); err == nil {
			if err := push(id, true); err != nil {
				return err
			}
		}
	}
	if len(q) == 0 {
		return nil
	}
	if err := push(tip, false); err != nil {
		return err
	}
	for wanted > 0 {
		if err := s.f.ctx.Err(); err != nil {
			return err
		}
		id := heap.Pop(&q).(dated).id
		remote := s.atRemote[id]
		if !remote {
			wanted--
		}
		c, err := s.commit(id)
		if err != nil {
			return err
		}
		for _, parent := range c.Parents {
			if err := push(parent, remote); err != nil {
				return err
			}
		}
	}
	return nil
}

// mark marks a commit that was met before, and its ancestors as far as they were met too.
func (s *sides) mark(id object.ID, q *queue, wanted *int) error {
	waiting := map[object.ID]bool{}
	for _, d := range *q {
		waiting[d.id] = true
	}
	for stack := []object.ID{id}; len(stack) > 0; {
		id := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s.atRemote[id] || s.read[id] == nil {
			continue
		}
		s.atRemote[id] = true
		if waiting[id] {
			*wanted--
			continue
		}
		stack = append(stack, s.read[id].Parents...)
	}
	return nil
}

// bringIn adds the commits that lead to the further parents of a merge and that the remote lacks,
// parents first. meets tells that they go back to a commit that the remote has.
func (s *sides) bringIn(parents []object.ID, st *step) (meets bool, err error) {
	type visit struct {
		id   object.ID
		next int // number of the parent to look at
	}
	entered := map[object.ID]bool{}
	for _, from := range parents {
		stack := []visit{{id: from}}
		for len(stack) > 0 {
			v := &stack[len(stack)-1]
			if v.next == 0 {
				if s.atRemote[v.id] || s.f.has[v.id] {
					meets = true
				}
				if s.atRemote[v.id] || s.f.has[v.id] || s.f.sent(v.id) || entered[v.id] {
					stack = stack[:len(stack)-1]
					continue
				}
				entered[v.id] = true
			}
			c, err := s.commit(v.id)
			if err != nil {
				return false, err
			}
			if v.next < len(c.Parents) {
				v.next++
				stack = append(stack, visit{id: c.Parents[v.next-1]})
				continue
			}
			stack = stack[:len(stack)-1]
			if err := s.add(v.id, c, st); err != nil {
				return false, err
			}
		}
	}
	return meets, nil
}

// add adds a commit of a side.
func (s *sides) add(id object.ID, c *object.CommitData, st *step) error {
	if err := s.f.ctx.Err(); err != nil {
		return err
	}
	var tree object.ID
	if parent := c.FirstParent(); !parent.IsZero() {
		p, err := s.commit(parent)
		if err != nil {
			return err
		}
		tree = p.Tree
	}
	st.commits++
	return s.f.commit(id, c.Tree, tree, st)
}
