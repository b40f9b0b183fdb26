package projection

import (
	"context"
	"errors"
	"strings"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// RebuildOptions of RebuildCopies. The zero value works.
type RebuildOptions struct {
	WantCopy func(*record.Version) bool // whether a version has a copy; nil: each
	Progress func(done, total int64)    // versions looked at; nil: none
}

// rebuilt is what RebuildCopies did.
type rebuilt struct {
	Versions int64 // that have a copy
	Written  int64
	Failed   int64 // each was warned of
	NoRoom   bool  // it stopped because space is short
}

// RebuildSince is RebuildCopies of the versions after base; of all where base is no ancestor of
// tip. What was left out for want of room is no longer owed then, unless another try may do better.
func (r *Projection) RebuildSince(ctx context.Context, tip, base object.ID, o RebuildOptions) (*rebuilt, error) {
	var commits []object.ID
	err := r.Walk(ctx, tip, base, func(v record.Version, ours bool) error {
		if ours && v.Event != record.Deleted && v.Copy != "" {
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
	index, err := r.TakeIndex()
	if err != nil {
		return nil, err
	}
	defer index.Release()
	f, err := r.Rewriter(ctx, tip, index)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := &rebuild{f: f, o: o, tree: tree, seen: map[string]bool{}}
	b.check = &Comparer{p: r, quick: true}
	if err := b.all(commits); err != nil {
		return &b.done, err
	}
	f.copiesMissing = false // it is known what is owed
	if err := f.Finish(); err != nil || b.done.NoRoom || f.failed > f.stuck {
		return &b.done, err
	}
	return &b.done, r.StateDir.Remove(runstate.MissingCopiesName)
}

// rebuild is a RebuildCopies under way, newest version first.
type rebuild struct {
	f     *Placer
	o     RebuildOptions
	check *Comparer
	tree  map[string]object.TreeEntry
	seen  map[string]bool // sources met
	done  rebuilt
}

func (b *rebuild) all(commits []object.ID) error {
	for i, id := range commits {
		if err := b.f.ctx.Err(); err != nil {
			return err
		}
		v, _, err := b.f.p.Version(id)
		if err != nil {
			return err
		}
		if b.done.Written%roomEach == 0 && !b.f.spaceForCopies() {
			b.done.NoRoom = true
			return nil
		}
		b.one(&v)
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
	if err != nil || b.f.collisions[path] != "" || b.o.WantCopy != nil && !b.o.WantCopy(v) {
		return
	}
	b.done.Versions++
	if b.check.CopyFlaw(b.f.copies, v) == nil {
		return
	}
	if newest {
		e, there := b.tree[path]
		newest = record.Agrees(v, e, there)
	}
	before := b.f.failed
	b.f.Copying.Store(true)
	b.f.Write(v, newest)
	if b.f.failed > before {
		b.done.Failed++
		return
	}
	b.done.Written++
}

const roomEach = 64 // copies written between two looks at the free space
