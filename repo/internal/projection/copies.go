package projection

import (
	"context"
	"errors"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/comparer"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// RebuildOptions of RebuildSince. The zero value works.
type RebuildOptions struct {
	WantCopy func(*record.Version) bool // whether a version has a copy; nil: each
	Progress func(done, total int64)    // versions looked at; nil: none
}

// rebuilt is what RebuildSince did.
type rebuilt struct {
	Versions int64 // that have a copy
	Written  int64
	Failed   int64 // each was warned of
	NoRoom   bool  // it stopped because space is short
}

// RebuildSince writes the missing copies of the versions after base; of all versions where base is
// no ancestor of tip. It removes the note of missing copies, unless another attempt may do better.
func (r *Projection) RebuildSince(ctx context.Context, tip, base object.ID, o RebuildOptions) (*rebuilt, error) {
	var commits []object.ID
	err := r.Walk(ctx, tip, base, func(v record.Version, ours bool) error {
		if ours && v.HasContent() && v.Copy != "" {
			commits = append(commits, v.Commit)
		}
		return nil
	})
	var state *refusal.Error
	if err != nil && (!errors.As(err, &state) || state.Kind != refusal.Rewritten) {
		return nil, err
	}
	tree, err := r.Files(tip)
	if err != nil {
		return nil, err
	}
	index, err := r.Index.Take()
	if err != nil {
		return nil, err
	}
	defer index.Release()
	w, err := r.NewRewriter(ctx, tip, index)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	b := &rebuild{w: w, o: o, check: comparer.New(r.Dest, true), tree: tree, seen: map[string]bool{}}
	if err := b.all(ctx, commits); err != nil {
		return &b.done, err
	}
	w.update.copiesOmitted = false // the note says already what is missing
	if err := w.Finish(); err != nil || b.done.NoRoom || w.update.unlisted {
		return &b.done, err
	}
	return &b.done, r.StateDir.Remove(runstate.MissingCopiesName)
}

// rebuild is a RebuildSince under way, newest version first.
type rebuild struct {
	w     *Rewriter
	o     RebuildOptions
	check *comparer.Comparer
	tree  map[string]object.TreeEntry
	seen  map[string]bool // sources met
	space spaceWatch
	done  rebuilt
}

func (b *rebuild) all(ctx context.Context, commits []object.ID) error {
	for i, id := range commits {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, _, err := b.w.update.p.Version(id)
		if err != nil {
			return err
		}
		if b.one(&v); b.done.NoRoom {
			return nil
		}
		if b.o.Progress != nil {
			b.o.Progress(int64(i+1), int64(len(commits)))
		}
	}
	return nil
}

// one writes a version's copy where it is needed. The newest of a source is written together with
// its place in files/, whose storage it shares.
func (b *rebuild) one(v *record.Version) {
	newest := !b.seen[v.Source]
	if newest {
		b.seen[strings.Clone(v.Source)] = true
	}
	path, err := record.TreePath(&v.Record)
	if err != nil || b.w.update.collisions[path] != "" || b.o.WantCopy != nil && !b.o.WantCopy(v) {
		return
	}
	b.done.Versions++
	if b.check.CopyFlaw(b.w.writer.copies, v) == nil {
		return
	}
	if !b.space.suffices(b.w.update.p, 0) && !b.w.update.askForSpace() { // which says so
		b.done.NoRoom = true
		return
	}
	if newest {
		e, there := b.tree[path]
		newest = record.Agrees(v, e, there)
	}
	written := b.w.writer.copiesWritten
	b.w.Write(v, newest, true)
	if b.w.writer.copiesWritten == written {
		b.done.Failed++
		b.done.NoRoom = b.w.update.fullReported.Load()
		return
	}
	b.done.Written++
}

// writeMissingCopies writes the copies that were left out, where there is space now. The history
// does not wait for them: what fails is warned of.
func (r *Projection) writeMissingCopies(ctx context.Context, tip object.ID) error {
	base, missing, err := runstate.MissingCopies(r.StateDir)
	if err != nil || !missing || r.Index.ForeignWork() != "" {
		return err
	}
	space, err := r.Folder.DiskSpace()
	if err != nil || !r.hasSpace(space) {
		return nil
	}
	done := &rebuilt{}
	if err = r.probeCopies(); err == nil {
		done, err = r.RebuildSince(ctx, tip, base, RebuildOptions{})
	}
	if err == nil {
		r.Opts.Log("copies that were left out are written", "from", base.String(), "to", tip.String(), "written", done.Written)
		return nil
	}
	if ctx.Err() == nil {
		r.Opts.Warn(r.Folder.Path("copies"), "copies that were left out could not be written: "+durable.Reason(err), r.Remedy(refusal.RetryOrRebuild, ""))
	}
	return ctx.Err()
}

const probeName = ".probe" // no version's copy has such a name

// probeCopies tries whether files can be made in copies/ at all, before versions are looked for
// that lack one.
func (r *Projection) probeCopies() error {
	dir, err := r.Folder.MakeSub("copies")
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Put(probeName, nil); err != nil {
		return err
	}
	return dir.Remove(probeName)
}

// reportLostCopies says that copies/ is missing, once: it makes the folder. Copies that runs write
// themselves are not reported.
func (r *Projection) reportLostCopies() error {
	there, err := r.Folder.Exists("copies")
	if err != nil || there || !r.wantsCopies() {
		return err
	}
	if _, missing, err := runstate.MissingCopies(r.StateDir); err != nil || missing {
		return err
	}
	r.Opts.Warn(r.Folder.Path("copies"), "is missing, and with it the copies of all versions", r.Remedy(refusal.RebuildCopies, ""))
	if err := r.MakeCopies(); err != nil {
		r.Opts.Log("copies/ could not be made, and is reported again", "cause", err.Error())
	}
	return nil
}

// MakeCopies makes the folder copies/ where it is missing.
func (r *Projection) MakeCopies() error {
	dir, err := r.Folder.MakeSub("copies")
	if err != nil {
		return err
	}
	return dir.Close()
}

// KeepsCopies tells whether copies/ holds anything. Where it does not, single copies are not
// missed.
func (r *Projection) KeepsCopies() (bool, error) {
	empty, err := dest.IsEmptyFolder(r.Folder, "copies")
	return !empty, err
}
