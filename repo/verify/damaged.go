package verify

import (
	"context"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/maintenance"
	"timemachine/repo/internal/projection"
	"timemachine/repo/refusal"
)

// RunDamaged checks what can be read of a destination, or of any clone of one, whose history cannot
// be opened: its stored objects. cause says why it cannot, and is a finding. RunDamaged opens c,
// which the caller closes.
func RunDamaged(ctx context.Context, c *commits.Commits, cause *refusal.Error, o Options) (*Summary, error) {
	o.Repair = false
	k := &verify{ctx: ctx, o: o, alone: true}
	f := Finding{Part: PartBranch, Msg: cause.Error(), Remedy: cause.Remedy}
	switch cause.Remedy.Kind {
	case refusal.InspectConfig, refusal.ReplaceConfig, refusal.RestoreSettings:
		f.Part = PartConfig
	}
	k.report(f)
	_ = c.OpenReader() // it fails by the same damage, and may have opened the objects
	if c.Store == nil {
		return &k.sum, nil
	}
	k.r, k.maintenance = projection.New(c), maintenance.New(c)
	return &k.sum, k.objects()
}

// unreadable reports an error that ends the comparison of a part with the commit tip: an object
// that cannot be read, which several comparisons may meet. The other parts are compared all the
// same. An error is returned where the verification itself was ended.
func (k *verify) unreadable(tip object.ID, err error) error {
	if err == nil || k.ctx.Err() != nil {
		return k.ctx.Err()
	}
	if !k.met[err.Error()] {
		k.met[err.Error()] = true
		k.report(Finding{Part: PartTree, Object: tip, Msg: "its tree cannot be read: " + err.Error(), Remedy: k.bare(refusal.CheckHistory, "")})
	}
	return nil
}
