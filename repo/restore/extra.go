package restore

import (
	"context"
	"slices"
	"strings"

	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/restore/reach"
	"timemachine/repo/restore/surplus"
)

// findExtra lists the files that were not there then; of a restore to elsewhere, those in the
// folders that it restores. With Options.Exact it adds steps that remove them.
func (p *Plan) findExtra(ctx context.Context, selections []Selection, bases []*reach.Base) {
	x := surplus.Search{Ctx: ctx, Exact: p.o.Exact, Watched: p.o.Extra, Only: !p.o.InPlace()}
	full := map[string]*Step{}
	for i := range p.Steps {
		s := &p.Steps[i]
		x.AddTarget(s.Target, s.Folder)
		if s.obstacle != "" {
			x.AddObstacle(s.obstaclePath())
		}
		if s.full {
			full[s.Target] = s
		}
	}
	if st, err := p.src.Folder(); err == nil {
		x.Dest = st
	}
	for i, b := range bases {
		if b.Dir == nil {
			continue
		}
		if b.Path == selections[i].Path || x.Only {
			x.Below(b)
		}
		for path, s := range full {
			if s.base == b && p.o.Exact && x.Empty(b, s.rel) {
				delete(full, path)
			}
		}
	}
	for _, s := range full {
		s.Err = ErrFull
	}
	slices.Sort(x.Extra)
	slices.Sort(x.ExtraFolders)
	p.Extra, p.ExtraFolders, p.Notes = slices.Compact(x.Extra), slices.Compact(x.ExtraFolders), append(p.Notes, x.Notes...)
	p.addRemovals(x.Remove)
}

// addRemovals adds the steps that remove, each target once.
func (p *Plan) addRemovals(files []surplus.File) {
	for _, f := range files {
		is := record.Record{Source: f.Path, Folder: f.Stat.IsDir() || f.Err != nil, Link: f.Stat.IsLink()}
		p.Steps = append(p.Steps, Step{Target: f.Path, Action: Remove, Err: f.Err, base: f.Base, rel: f.Rel, presentStat: f.Stat,
			Entry: history.Entry{Version: record.Version{Record: is}}})
	}
	slices.SortStableFunc(p.Steps, func(a, b Step) int { return strings.Compare(a.Target, b.Target) })
	p.Steps = slices.CompactFunc(p.Steps, func(a, b Step) bool { return a.Action == Remove && b.Action == Remove && a.Target == b.Target })
}
