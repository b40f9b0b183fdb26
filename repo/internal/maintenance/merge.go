package maintenance

import (
	"context"
)

// MergeAll merges packs into one, whatever time that takes.
func (r *Maintenance) MergeAll(ctx context.Context, names []string) error {
	if len(names) < 2 {
		return nil
	}
	packs, closeAll, err := r.hold(names)
	defer closeAll()
	if err != nil {
		return err
	}
	return r.merge(ctx, packs, nil)
}
