package main

import (
	"slices"

	"timemachine/repo/history"
)

// mostJoined is how many new files a diff looks for under earlier names at most.
const mostJoined = 1000

// joinRenames makes one pair of two where a file that is new was renamed from one that is gone, as
// the records tell and log shows it.
func (d *diffJob) joinRenames(pairs []pair) ([]pair, error) {
	gone, fresh := map[string]int{}, []int{}
	for i := range pairs {
		switch p := &pairs[i]; {
		case p.from.There && !p.to.There && !p.from.Folder:
			gone[p.source] = i
		case !p.from.There && p.to.There && !p.to.Folder:
			fresh = append(fresh, i)
		}
	}
	if len(gone) == 0 || len(fresh) > mostJoined || d.isAcross() {
		return pairs, nil
	}
	joined := map[string]bool{}
	for _, i := range fresh {
		p := &pairs[i]
		old, err := d.earlierName(p, gone)
		if err != nil {
			return nil, err
		}
		if old == "" || joined[old] {
			continue
		}
		joined[old] = true
		p.from = pairs[gone[old]].from
		p.from.Source = old
	}
	return slices.DeleteFunc(pairs, func(p pair) bool { return joined[p.source] }), nil
}

// earlierName is the name that a file had before, among those that are gone; "" for none.
func (d *diffJob) earlierName(p *pair, gone map[string]int) (string, error) {
	e := p.to.recorded
	if e == nil { // on disk: what was recorded last
		newest, err := d.h.At(d.ctx, p.source, history.Point{})
		if err != nil || !newest.HasContent() {
			return "", nil
		}
		e = &newest
	}
	last := *e
	for v, err := range d.h.Lineage(d.ctx, e) {
		if err != nil {
			return "", err
		}
		if v.Source != last.Source { // log takes no equal content for a rename
			first, err := d.h.At(d.ctx, last.Source, history.Point{Commit: last.Commit})
			if err != nil || first.RenamedFrom != v.Source {
				return "", err
			}
		}
		if _, is := gone[v.Source]; is {
			return v.Source, nil
		}
		last = v
	}
	return "", nil
}
