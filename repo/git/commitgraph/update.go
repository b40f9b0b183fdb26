package commitgraph

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// Place is where a graph lies, and where new files are prepared.
type Place struct {
	Info  *durable.Dir // .git/objects/info
	Stage *durable.Dir // on the same file system, for this process alone
}

// History is what Update needs from the repository.
type History interface {
	// Uncovered lists tip and its ancestors in any order, without the commits that are covered and
	// the ancestors of those.
	Uncovered(ctx context.Context, tip object.ID, covered func(object.ID) bool) ([]Commit, error)
	// Has tells whether the repository holds a commit.
	Has(id object.ID) (bool, error)
}

// Result is what Update did.
type Result struct {
	Added  int    // commits that the graph did not have
	Layers int    // of the chain, afterwards
	Anew   bool   // the graph was made from nothing
	Why    string // of Anew; or why nothing was written
}

const lockWait = 100 * time.Millisecond // what is not written now is written by the next Update

const stagedLayer = "graph-layer"

// Update brings the graph up to tip. The missing commits go to a new layer, which takes in the
// layers below it that are at most twice as large. A single file becomes the chain's lowest layer.
// Update makes the graph anew where it is damaged, has no filters or corrected dates, or names
// commits that no longer exist; and with anew set. It writes nothing where another git holds the
// graph's lock or changed the graph meanwhile. The Result says so, and the next Update does it.
//
// The graph is on disk when Update returns. After an error it is the old or the new one. Errors:
// the history's, ErrUnfit for a history that no graph can be written for, the file system's.
func Update(ctx context.Context, p Place, tip object.ID, h History, anew bool) (Result, error) {
	if err := p.unlock(); err != nil {
		return Result{}, err
	}
	g, err := openFiles(p.Info)
	if err != nil {
		return Result{}, err
	}
	u := &layerUpdate{Place: p, old: g, chain: g.chain}
	why := g.unusable()
	if anew {
		why = "asked for"
	}
	if why == "" {
		why, err = u.extend(ctx, tip, h)
	}
	if err == nil && why == "" {
		if err = u.publish(); errors.Is(err, ErrDamaged) {
			why, err = err.Error(), nil
		}
	}
	if err == nil && why != "" {
		if err = u.restart(ctx, tip, h, why); err == nil {
			err = u.publish()
		}
	}
	return u.Result, err
}

// unlock removes the locks that a killed Update left: git gives up on a lock.
func (p Place) unlock() error {
	folder, err := p.Info.Sub(folderName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer folder.Close()
	for name, dir := range map[string]*durable.Dir{singleName: p.Info, chainName: folder} {
		left, err := p.Stage.Exists(name + ".lock")
		if err != nil {
			return err
		}
		var held *durable.LockedError
		if left {
			lock, err := dir.TakeLock(name, p.Stage, 0)
			if err == nil {
				err = lock.Abort()
			}
			if err != nil && !errors.As(err, &held) {
				return err
			}
		}
	}
	return p.Stage.Remove(stagedLayer)
}

// layerUpdate is the state of one Update.
type layerUpdate struct {
	Place
	Result
	old   *found
	chain *Chain // what of the old graph is used
	fresh []Commit
}

// unusable says why a graph cannot be extended; "" where it can.
func (g *found) unusable() string {
	switch {
	case g.bad != nil:
		return g.bad.Error()
	case !g.chain.full():
		return "filters or corrected dates are missing"
	}
	return ""
}

// extend finds the commits that the graph lacks. why is set where the graph is stale.
func (u *layerUpdate) extend(ctx context.Context, tip object.ID, h History) (why string, err error) {
	if u.fresh, err = h.Uncovered(ctx, tip, u.chain.Has); err != nil {
		return "", err
	}
	u.Added = len(u.fresh)
	gone, err := u.stale(tip, h)
	if errors.Is(err, ErrDamaged) {
		return err.Error(), nil
	}
	if gone {
		why = "it names commits that are gone"
	}
	return why, err
}

// restart begins with an empty graph.
func (u *layerUpdate) restart(ctx context.Context, tip object.ID, h History, why string) (err error) {
	u.fresh = nil // before as much again is read
	u.chain, u.Anew, u.Why = &Chain{}, true, why
	u.fresh, err = h.Uncovered(ctx, tip, u.chain.Has)
	u.Added = len(u.fresh)
	return err
}

// stale tells whether the graph names a commit that the repository no longer holds. The ancestors
// of tip exist. So it asks only for the others: commits of other branches, or from before the
// history was rewritten.
func (u *layerUpdate) stale(tip object.ID, h History) (bool, error) {
	if u.linear(tip) {
		return false, nil
	}
	seen, n, err := u.reached(tip)
	if err != nil || n == u.chain.Len() {
		return false, err
	}
	for pos := range u.chain.Len() {
		if seen[pos] {
			continue
		}
		if there, err := h.Has(u.chain.ID(pos)); err != nil || !there {
			return true, err
		}
	}
	return false, nil
}

// linear tells whether the commit below the fresh ones has as many generations below it as the
// graph has commits. All commits of the graph are its ancestors then.
func (u *layerUpdate) linear(tip object.ID) bool {
	for i := range u.fresh {
		for _, p := range u.fresh[i].Parents {
			if u.chain.Has(p) {
				tip = p
			}
		}
	}
	pos, ok := u.chain.Find(tip)
	if !ok {
		return false
	}
	l, i := u.chain.at(pos)
	level, _ := l.stamp(i)
	return int64(level) == int64(u.chain.Len())
}

// reached marks the positions of tip's ancestors, and counts them.
func (u *layerUpdate) reached(tip object.ID) (seen []bool, n int, err error) {
	seen = make([]bool, u.chain.Len())
	var next []uint32
	visit := func(pos uint32) {
		if !seen[pos] {
			seen[pos] = true
			n++
			next = append(next, pos)
		}
	}
	enter := func(id object.ID) {
		if pos, ok := u.chain.Find(id); ok {
			visit(uint32(pos))
		}
	}
	enter(tip)
	for i := range u.fresh {
		for _, p := range u.fresh[i].Parents {
			enter(p)
		}
	}
	var parents []uint32
	for len(next) > 0 {
		pos := next[len(next)-1]
		next = next[:len(next)-1]
		if parents, err = u.chain.Parents(int(pos), parents[:0]); err != nil {
			return nil, 0, err
		}
		for _, p := range parents {
			visit(p)
		}
	}
	return seen, n, nil
}
