package restore

import (
	"context"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
)

// extraSearch finds the files below the selected folders that no step is about. It searches the
// folders that hold a step's file, and those below. The folders above them are full of unrelated
// files.
type extraSearch struct {
	ctx     context.Context
	p       *Plan
	targets map[string]bool // of the steps
	holds   map[string]bool // folders that hold a step's file directly
	leads   map[string]bool // these, and the folders above
	dest    durable.Stat    // never entered
}

func (p *Plan) findExtra(ctx context.Context, selections []Selection, bases []*base) {
	x := extraSearch{ctx: ctx, p: p, targets: map[string]bool{}, holds: map[string]bool{}, leads: map[string]bool{}}
	for i := range p.Steps {
		s := &p.Steps[i]
		x.targets[s.Target] = true
		x.targets[s.obstaclePath()] = true
		folder := filepath.Dir(s.Target)
		for x.holds[folder] = true; !x.leads[folder]; folder = filepath.Dir(folder) {
			x.leads[folder] = true
		}
	}
	if st, err := p.src.Folder(); err == nil {
		x.dest = st
	}
	for i, b := range bases {
		if b.dir != nil && b.path == selections[i].Path {
			x.search(b.dir, b.path, false)
		}
	}
	slices.Sort(p.Extra)
	p.Extra = slices.Compact(p.Extra)
}

// search goes through a folder. inside tells that the folder lies in one that holds a step's file.
func (x *extraSearch) search(dir *durable.Dir, path string, inside bool) {
	names, err := dir.Names()
	if err != nil || x.ctx.Err() != nil {
		return
	}
	listed := x.p.o.Extra
	inside = inside || x.holds[path] || listed != nil && listed(path)
	for _, name := range names {
		at := filepath.Join(path, name)
		if x.targets[at] || !inside && !x.leads[at] || len(at) >= unix.PathMax {
			// no source has so long a path
			continue
		}
		st, err := dir.Lstat(name)
		if err != nil || st.Same(x.dest) {
			continue
		}
		if !st.IsDir() {
			if inside && (listed == nil || listed(at)) {
				x.p.Extra = append(x.p.Extra, at)
			}
			continue
		}
		if sub, err := dir.Sub(name); err == nil {
			x.search(sub, at, inside)
			sub.Close()
		}
	}
}
