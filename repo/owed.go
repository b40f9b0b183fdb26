package repo

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"strings"

	"timemachine/repo/git/object"
)

// owedName is the file that names the commit from which on copies were left out for want of room. Runs make up for them
// once there is room again.
const owedName = "owed"

// lacksRoom tells whether copies are wanted, and it is for want of room alone that they are not written.
func (f *follow) lacksRoom(size int64) bool { return f.r.o.HasRoom(math.MaxInt64, size) }

// noteOwed notes durably that copies are left out from commit base on.
func (r *notesT) noteOwed(base object.ID) error {
	there, err := r.own.Exists(owedName)
	if err != nil || there {
		return err
	}
	return r.own.Replace(owedName, []byte(base.String()+"\n"))
}

// owed is what noteOwed noted; a damaged note is one of all copies.
func (r *notesT) owed() (base object.ID, owed bool, err error) {
	b, err := r.own.ReadFile(owedName, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return base, false, nil
	}
	if err != nil {
		return base, false, err
	}
	if base, err = object.ParseID(strings.TrimSpace(string(b))); err != nil {
		base = object.ID{}
	}
	return base, true, nil
}

// makeUp writes the copies that were left out, where there is room now. The history does not wait for them: what fails is
// warned of.
func (r *projectionT) makeUp(ctx context.Context, tip object.ID) error {
	base, owed, err := r.owed()
	if err != nil || !owed || r.detached() != "" {
		return err
	}
	free, size, err := r.root.Free()
	if err != nil || !r.o.HasRoom(free, size) {
		return nil
	}
	done, err := r.rebuildSince(ctx, tip, base, RebuildOptions{})
	if err == nil {
		r.o.Log("copies that were left out are written", "from", base.String(), "to", tip.String(), "written", done.Written)
		return nil
	}
	if ctx.Err() == nil {
		r.o.Warn(r.root.Path("copies"), "what was left out for want of room could not be written: "+cause(err), "the next run tries again, as does: "+r.rebuildCommand())
	}
	return ctx.Err()
}
