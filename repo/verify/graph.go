package verify

import (
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/refusal"
)

// graph checks git's commit-graph, if there is one. With Repair it writes a damaged one anew.
func (k *verify) graph(tip object.ID) error {
	err := k.maintenance.GraphFlaw(k.o.Quick)
	if err == nil {
		return nil
	}
	f := Finding{Part: PartGraph, Path: ".git/objects/info", Msg: durable.Reason(err), Remedy: k.bare(refusal.RewriteGraph, "")}
	if k.o.Repair {
		if err := k.maintenance.RewriteGraph(k.ctx, tip); err != nil {
			if k.ctx.Err() != nil {
				return err
			}
			f.Msg += "; it cannot be written again: " + err.Error()
		}
		if f.Repaired = k.maintenance.GraphFlaw(k.o.Quick) == nil; f.Repaired {
			f.Remedy = refusal.Remedy{}
		}
	}
	k.report(f)
	return nil
}
