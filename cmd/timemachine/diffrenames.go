package main

import (
	"errors"
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

// earlierName is the name that a file had before, among those that are gone; "" for none. Only the
// records count, as in the log of a folder: equal content is no rename.
func (d *diffJob) earlierName(p *pair, gone map[string]int) (string, error) {
	// of what is on disk, the newest version
	e, err := d.h.At(d.ctx, p.source, history.Point{Commit: p.to.recorded})
	if err != nil || !e.HasContent() {
		return "", nil
	}
	for range mostRenames {
		for e.Before != nil && !e.Before.Ends() {
			if e, err = d.h.At(d.ctx, e.Source, history.Point{Commit: e.Before.Commit}); err != nil {
				return "", err
			}
		}
		name := e.RenamedFrom
		if _, is := gone[name]; is || name == "" {
			return name, nil
		}
		old, err := d.h.At(d.ctx, name, history.Point{Commit: e.Commit})
		var absent *history.AbsentError
		if errors.As(err, &absent) && absent.Deleted.Before != nil {
			old, err = d.h.At(d.ctx, name, history.Point{Commit: absent.Deleted.Before.Commit})
		}
		if err != nil {
			return "", nil // a record that cannot be followed
		}
		e = old
	}
	return "", nil
}
