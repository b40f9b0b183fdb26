package repo

import (
	"errors"
	"io/fs"

	"timemachine/repo/durable"
	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// graph looks at git's commit-graph, where there is one, and with Repair makes it anew.
func (k *verify) graph(tip object.ID) error {
	err := k.r.graphFlaw(k.o.Quick)
	if err == nil {
		return nil
	}
	f := Finding{Part: PartGraph, Path: ".git/objects/info", Msg: durable.Reason(err), Hint: "git -C " + record.ShellWord(k.r.dest) + " -c commitGraph.generationVersion=2 commit-graph write --reachable --changed-paths"}
	if k.o.Repair {
		if err := k.r.rewriteGraph(k.ctx, tip); err != nil {
			return err
		}
		if f.Repaired = k.r.graphFlaw(k.o.Quick) == nil; f.Repaired {
			f.Hint = ""
		}
	}
	k.report(f)
	return nil
}

// graphFlaw is what is wrong with the commit-graph, nil where there is none; quick leaves checksums alone.
func (r *Repo) graphFlaw(quick bool) error {
	w := durable.NewWalker(r.git)
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
