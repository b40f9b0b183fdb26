package outgoing

import (
	"context"
	"fmt"
	"slices"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
)

// Outgoing is what a remote lacks: objects by name, in the order in which batches send them.
type Outgoing struct {
	c    *commits.Commits
	base object.ID

	objects idSet    // those to send come first
	before  []uint32 // number + 1 of the version before each object that is sent, 0 for none
	line    []step   // oldest first

	known   idSet // objects that the remote has, which came before some that it lacks
	commits int
}

// step is one commit of the line, with what it brings in.
type step struct {
	commit  object.ID
	end     uint32 // number of the first object of the next step
	commits uint32 // with those that a merge brings in
	bytes   int64  // as they are stored
	mayCut  bool   // the remote's branch can move here: the commit descends from all that it has
}

// knownBit marks a number in Outgoing.before as one of Outgoing.known.
const knownBit = 1 << 31

// Base is the nearest commit of the line that the remote has; zero where it has none.
func (o *Outgoing) Base() object.ID { return o.base }

// Commits is the number of commits that the remote lacks.
func (o *Outgoing) Commits() int { return o.commits }

// Objects is the number of objects that the remote lacks, commits included.
func (o *Outgoing) Objects() int { return len(o.objects.ids) }

// Find finds what a remote lacks of the history that ends in tip. has are commits that the remote
// has. Those that this repository does not hold are passed over. Its cost is in proportion to what
// is lacking; only where foreign merges are among it, commits that the remote has are read too.
//
// Where the remote has more than has says, the result holds objects that it need not get, never too
// few. Errors: ctx's, and those of a damaged history.
func Find(ctx context.Context, c *commits.Commits, tip object.ID, has []object.ID) (*Outgoing, error) {
	p, err := openPacks(c.Store)
	if err != nil {
		return nil, err
	}
	defer p.close()
	f := &finder{Outgoing: &Outgoing{c: c}, ctx: ctx, packs: p, has: map[object.ID]bool{}}
	for _, id := range has {
		f.has[id] = true
	}
	if err := f.walk(tip); err != nil {
		return nil, err
	}
	if err := f.compare(); err != nil {
		return nil, err
	}
	return f.Outgoing, nil
}

// finder is the state of one Find.
type finder struct {
	*Outgoing
	ctx   context.Context
	packs *packs
	has   map[object.ID]bool

	trunk []parsed // commits of the line, newest first
	sides *sides   // nil where no commit of the line has several parents
}

// parsed is what Find needs of a commit.
type parsed struct {
	id, tree object.ID
	parents  []object.ID // only of a merge
	err      error
}

// walk lists the commits of the line.
func (f *finder) walk(tip object.ID) error {
	merged := false
	a := commits.Walk[parsed]{
		Commits: f.c,
		Stop:    func(id object.ID) bool { return f.has[id] },
		Make: func(id object.ID, raw []byte) parsed {
			c, err := object.ParseCommit(raw)
			if err != nil {
				return parsed{id: id, err: err}
			}
			p := parsed{id: id, tree: c.Tree}
			if len(c.Parents) > 1 {
				p.parents = c.Parents
			}
			return p
		},
		Visit: func(id object.ID, p parsed) error {
			merged = merged || p.parents != nil
			f.trunk = append(f.trunk, p)
			return f.damaged(id, p.err)
		},
	}
	end, err := a.Run(f.ctx, tip)
	if err != nil {
		return err
	}
	f.base = end
	if merged {
		f.sides = newSides(f)
		if err := f.sides.paint(tip); err != nil {
			return err
		}
		if n := slices.IndexFunc(f.trunk, func(p parsed) bool { return f.sides.atRemote[p.id] }); n >= 0 {
			f.base, f.trunk = f.trunk[n].id, f.trunk[:n]
		}
	}
	return nil
}

func (f *finder) damaged(id object.ID, err error) error {
	if err == nil {
		return nil
	}
	return f.c.Damaged(fmt.Sprintf("commit %s cannot be read", id.Short()), err)
}

// usualObjects is how many objects a commit adds as a rule: itself, the trees on the way to a file,
// and the file's content.
const usualObjects = 6

// compare lists the objects that each commit adds, oldest first.
func (f *finder) compare() error {
	f.packs.expect(usualObjects * len(f.trunk))
	f.objects.reserve(usualObjects * len(f.trunk))
	var tree object.ID // of the parent
	var err error
	if !f.base.IsZero() {
		if tree, err = f.c.TreeOf(f.base); err != nil {
			return err
		}
	}
	lastCut := 0 // the first step at which the line may be cut
	for i := len(f.trunk) - 1; i >= 0; i-- {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		p := &f.trunk[i]
		s := step{commit: p.id, commits: 1}
		if f.sides != nil && p.parents != nil {
			meets, err := f.sides.bringIn(p.parents[1:], &s)
			if err != nil {
				return err
			}
			if meets {
				lastCut = len(f.line)
			}
		}
		if err := f.commit(p.id, p.tree, tree, &s); err != nil {
			return err
		}
		tree = p.tree
		s.end = uint32(len(f.objects.ids))
		f.line = append(f.line, s)
		f.commits += int(s.commits)
	}
	for i := range f.line {
		f.line[i].mayCut = i >= lastCut
	}
	f.trunk, f.sides = nil, nil
	f.c.Store.Trim()
	return nil
}

// commit adds a commit and what its tree has beside that of its parent, which is sent or at the
// remote.
func (f *finder) commit(id, tree, parent object.ID, s *step) error {
	if err := f.add(id, object.ID{}, s); err != nil {
		return f.damaged(id, err)
	}
	err := f.trees(tree, parent, s, 0)
	if err != nil && f.ctx.Err() == nil {
		err = f.c.Damaged(fmt.Sprintf("the tree of commit %s cannot be read", id.Short()), err)
	}
	return err
}

// maxDeep is deeper than any path that can be checked out.
const maxDeep = 4096

// trees adds a tree and what is below it, without what is the same below before.
func (f *finder) trees(id, before object.ID, s *step, deep int) error {
	if id == before || f.sent(id) {
		return nil
	}
	if deep > maxDeep {
		return fmt.Errorf("folders nested over %d deep", maxDeep)
	}
	raw, err := f.packs.tree(id)
	if err != nil {
		return err
	}
	old, err := f.packs.tree(before)
	if err != nil {
		return err
	}
	err = object.NewEntries(old, raw, func(e object.TreeEntry, before object.ID) error {
		switch {
		case e.Mode.IsTree():
			return f.trees(e.ID, before, s, deep+1)
		case e.Mode == object.ModeSubmodule || e.ID == before || f.sent(e.ID):
			return nil // another repository's commit; a mode alone; a content that another file has
		}
		return f.add(e.ID, before, s)
	})
	if err != nil {
		return err
	}
	return f.addTree(id, before, s)
}

// addTree adds a tree. The empty one need not be stored.
func (f *finder) addTree(id, before object.ID, s *step) error {
	if id == object.EmptyTree {
		if has, err := f.c.Store.Has(id); err != nil || !has {
			return err
		}
	}
	return f.add(id, before, s)
}

func (f *finder) sent(id object.ID) bool {
	_, ok := f.objects.find(id)
	return ok
}

// add adds an object, unless it is there. before is the version before it.
func (f *finder) add(id, before object.ID, s *step) error {
	e, err := f.packs.find(id)
	if err != nil {
		return err
	}
	if _, fresh := f.objects.add(id); !fresh {
		return nil
	}
	s.bytes += e.stored()
	f.before = append(f.before, f.predecessor(before))
	return nil
}

// predecessor is what stands in Outgoing.before for a version. What a parent's tree holds and is
// not sent is at the remote.
func (f *finder) predecessor(id object.ID) uint32 {
	if id.IsZero() {
		return 0
	}
	if n, ok := f.objects.find(id); ok {
		return uint32(n + 1)
	}
	n, _ := f.known.add(id)
	return uint32(n+1) | knownBit
}
