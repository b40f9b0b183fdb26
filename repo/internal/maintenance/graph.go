package maintenance

import (
	"context"
	"errors"
	"io/fs"

	"timemachine/repo/durable"
	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/record"
)

// WriteGraph adds the missing commits up to tip to git's commit-graph, with filters of changed
// paths. Its cost is in proportion to these commits: a commit has no filter where finding its paths
// takes too long. Where they are many, as after a large first run, catchUp adds the oldest of them,
// those of one move of the branch. The caller holds the lock. An error does no harm to the history.
func (r *Maintenance) WriteGraph(ctx context.Context, tip object.ID, catchUp bool) error {
	g := &graphing{r: r, compares: graphCompares, most: graphMost}
	oldest, versions, err := r.graphBacklog(tip)
	if err != nil {
		return err
	}
	if versions > graphMost {
		if tip, g.most = oldest, graphMove; !catchUp || oldest.IsZero() {
			tip, err = object.ID{}, errBacklog
		}
	}
	if err == nil {
		err = r.updateGraph(ctx, g, tip, false)
	}
	if errors.Is(err, errBacklog) {
		r.Opts.Log("the commit-graph is left to later runs, or compact", "cause", err.Error())
		return nil
	}
	return err
}

// Limits of WriteGraph.
const (
	graphMost = 8192    // commits that it adds, in some tenths of a second
	trimEach  = 256     // changed paths after which it gives back the memory of the packs it reads
	graphMove = 1 << 17 // the same of one move of the branch, in a second or two: a batch has fewer
)

// graphBacklog tells how many versions the graph lacks at least, by the moves of the branch that
// runs made, and the commit to which the oldest of these moves led; zero where another program made
// moves among them.
func (r *Maintenance) graphBacklog(tip object.ID) (oldest object.ID, versions int, err error) {
	moves, err := r.RunMoves()
	if err != nil {
		return oldest, 0, err
	}
	graph := r.Graph()
	for id := tip; !id.IsZero() && (graph == nil || !graph.Has(id)); {
		move, ok := moves[id]
		if !ok {
			return object.ID{}, versions, nil
		}
		delete(moves, id) // a branch that was moved back and forth ends
		oldest, versions, id = id, versions+move.Versions, move.From
	}
	return oldest, versions, nil
}

var errBacklog = errors.New("more commits are not in the graph than a run adds")

// RewriteGraph makes the commit-graph again from the commits, with a filter for every commit that
// can have one.
func (r *Maintenance) RewriteGraph(ctx context.Context, tip object.ID) error {
	return r.updateGraph(ctx, &graphing{r: r, compares: -1}, tip, true)
}

// graphCompares is how many commits WriteGraph compares trees of at most, in some tenths of a
// second.
const graphCompares = 2048

func (r *Maintenance) updateGraph(ctx context.Context, g *graphing, tip object.ID, anew bool) error {
	if tip.IsZero() {
		return nil
	}
	w := durable.NewWalker(r.Git)
	defer w.Close()
	info, err := w.Make("objects/info")
	if err != nil {
		return err
	}
	done, err := commitgraph.Update(ctx, commitgraph.Place{Info: info, Stage: r.Stage}, tip, g, anew)
	if errors.Is(err, commitgraph.ErrUnfit) {
		r.Opts.Log("no commit-graph is written", "cause", err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	r.Opts.Log("commit-graph is up to date", "commits added", done.Added, "layers", done.Layers, "compared", g.compared, "why", done.Why)
	return nil
}

// graphing is the history as package commitgraph reads it.
type graphing struct {
	r        *Maintenance
	compares int // number of commits whose trees may still be compared; below zero: all
	most     int // largest number of commits to be added; 0: no limit
	compared int
	trees    object.TreeCache
}

// Has tells whether the repository holds a commit.
func (g *graphing) Has(id object.ID) (bool, error) { return g.r.Store.Has(id) }

// graphed is a commit for the graph, with the tree paths that its record names; nil where it has
// none.
type graphed struct {
	commitgraph.Commit
	paths []string
	err   error
}

func parseGraphed(id object.ID, raw []byte) graphed {
	c, err := commitgraph.ParseCommit(id, raw)
	g := graphed{Commit: c, err: err}
	if v := commits.ParseVersion(id, raw); v.CommitErr == nil && v.RecordErr == nil {
		g.paths = namedPaths(&v.Record)
	}
	return g
}

// namedPaths lists the tree paths that a record names: its source's, and those of large attributes.
func namedPaths(rec *record.Record) []string {
	paths := []string{}
	if !rec.IsOnlyFolder() {
		path, err := record.TreePath(rec)
		if err != nil {
			return nil
		}
		paths = append(paths, path)
	}
	for i := range rec.Xattrs {
		if x := &rec.Xattrs[i]; !x.Blob.IsZero() {
			paths = append(paths, record.XattrPath(x))
		}
	}
	return paths
}

// graphLine holds commits along first parents, newest first.
type graphLine struct {
	commits []commitgraph.Commit
	paths   [][]string // that each commit's record names; nil: it has none
	base    knownTree  // of the last commit's first parent
}

// Uncovered lists tip and its ancestors without the covered commits and their ancestors: first
// parents from tip on, then from the other parents of each merge.
func (g *graphing) Uncovered(ctx context.Context, tip object.ID, covered func(object.ID) bool) ([]commitgraph.Commit, error) {
	var all []commitgraph.Commit
	seen := map[object.ID]bool{} // commits of earlier lines
	for from := []object.ID{tip}; len(from) > 0; {
		next := from[len(from)-1]
		from = from[:len(from)-1]
		line, err := g.line(ctx, next, func(id object.ID) bool { return covered(id) || seen[id] })
		if err == nil {
			err = g.filter(ctx, line)
		}
		if err != nil {
			return nil, err
		}
		for i := range line.commits {
			if parents := line.commits[i].Parents; len(parents) > 1 {
				from = append(from, parents[1:]...)
			}
		}
		if len(from) > 0 {
			for i := range line.commits {
				seen[line.commits[i].ID] = true
			}
		}
		if all == nil {
			all = line.commits // the usual case: the only line
		} else {
			all = append(all, line.commits...)
		}
	}
	return all, nil
}

// line reads commits along first parents, up to the first one that stop selects, or to a root.
func (g *graphing) line(ctx context.Context, from object.ID, stop func(object.ID) bool) (*graphLine, error) {
	l := &graphLine{}
	a := commits.Walk[graphed]{Commits: g.r.Commits, Known: &g.r.Made, Make: parseGraphed, Stop: stop, Visit: func(_ object.ID, c graphed) error {
		l.commits, l.paths = append(l.commits, c.Commit), append(l.paths, c.paths)
		if g.most > 0 && len(l.commits) > g.most {
			return errBacklog
		}
		return c.err
	}}
	end, err := a.Run(ctx, from)
	if err == nil {
		l.base = g.treeOf(end)
	}
	return l, err
}

// filter gives the commits of a line their filters.
func (g *graphing) filter(ctx context.Context, l *graphLine) error {
	moves, err := g.r.RunMoves()
	if err != nil {
		return err
	}
	for i := 0; i < len(l.commits); {
		n := l.stretch(i, moves)
		if n <= bulkStretch || !g.fromRecords(l, i, i+n) {
			for k := i; k < i+n; k++ {
				if err := ctx.Err(); err != nil {
					return err
				}
				l.commits[k].Filter = g.compare(l.commits[k].Tree, l.parentTree(k))
			}
		}
		i += n
	}
	return nil
}

// treeOf is a commit's tree. The zero commit has the zero tree.
func (g *graphing) treeOf(id object.ID) knownTree {
	if id.IsZero() {
		return knownTree{known: true}
	}
	c, err := g.r.Store.ReadCommit(id)
	if err != nil {
		return knownTree{}
	}
	return knownTree{c.Tree, true}
}

// knownTree is the ID of a tree, zero for no tree, if it is known.
type knownTree struct {
	object.ID
	known bool
}

// parentTree is the tree of the first parent of a commit.
func (l *graphLine) parentTree(i int) knownTree {
	if i+1 < len(l.commits) {
		return knownTree{l.commits[i+1].Tree, true}
	}
	return l.base
}

// GraphFlaw says what is wrong with the commit-graph; nil for nothing. quick skips the checksums.
func (r *Maintenance) GraphFlaw(quick bool) error {
	w := durable.NewWalker(r.Git)
	defer w.Close()
	info, err := w.Dir("objects/info")
	if err == nil {
		var c *commitgraph.Chain
		if c, err = commitgraph.Open(info); err == nil && !quick && !c.Whole() {
			err = errors.New("a checksum does not match")
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
