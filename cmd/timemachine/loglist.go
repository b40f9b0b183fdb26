package main

import (
	"iter"
	"slices"

	"timemachine/cmd/timemachine/internal/logview"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
)

// entries yields the versions to list, in their order.
func (j *logJob) entries() iter.Seq2[listed, error] {
	all := j.filtered()
	switch {
	case j.o.runs:
		all = limitedRuns(j.o.limit, all)
	case j.list.ByRun:
		all = limitedToldOf(j.o.limit, all, &j.more)
	default:
		all = limited(j.o.limit, all)
	}
	return reversed(j.o.reverse, all)
}

// filtered yields the versions that the flags select, newest first.
func (j *logJob) filtered() iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		gone, err := j.goneNow()
		if err != nil {
			yield(listed{}, err)
			return
		}
		list := j.list
		numbers := j.isFile && !j.list.Gone
		if numbers { // all versions count
			list = history.LogOptions{Path: list.Path, Follow: list.Follow}
		} else if j.search == nil && gone == nil && !j.o.runs && !list.ByRun {
			list.Limit = j.o.limit
		}
		back := -1
		earlier := false // what follows are versions under an earlier name, and their numbers go on
		for e, err := range j.h.Log(j.ctx, list) {
			item := listed{Entry: e, back: -1}
			if err == nil && numbers {
				if e.Source == list.Path || earlier {
					back++
					item.back = back
				}
				if e.Source == list.Path || earlier {
					first := e.Before == nil || earlier && !e.Before.HasContent()
					earlier = e.RenamedFrom != "" && first || earlier && !first
				}
				if !j.list.Includes(&e) {
					continue
				}
			}
			if err == nil && gone != nil && !gone[e.Commit] {
				continue
			}
			if err == nil && j.search != nil {
				var found bool
				if found, err = j.finds(&e); err == nil && !found {
					continue
				}
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// goneNow are the deletions of what is deleted and was not renamed; nil where all versions count.
func (j *logJob) goneNow() (map[object.ID]bool, error) {
	if !j.o.deleted || j.o.strict {
		return nil, nil
	}
	gone := map[object.ID]bool{}
	path := j.list.Path
	if path == "" {
		path = "/"
	}
	for run, err := range j.h.Deleted(j.ctx, path) {
		if err != nil {
			return nil, err
		}
		for i := range run {
			gone[run[i].Commit] = true
		}
	}
	return gone, nil
}

// finds tells whether -S or -G finds a version.
func (j *logJob) finds(e *history.Entry) (bool, error) {
	j.search.Content = j.h.Content
	before, err := j.versionBefore(e)
	if err != nil {
		return false, err
	}
	if before == nil {
		return j.search.Finds(&e.Version, nil)
	}
	return j.search.Finds(&e.Version, &before.Version)
}

// versionBefore is the version that a version is compared with: the one before it, or of a renamed
// file the last one under the old name; nil for none.
func (j *logJob) versionBefore(e *history.Entry) (*history.Entry, error) {
	if e.Before != nil && !e.Before.Ends() {
		return &history.Entry{Version: *e.Before}, nil
	}
	if e.RenamedFrom == "" || j.o.strict || !e.HasContent() {
		return nil, nil
	}
	n := 0
	for v, err := range j.h.Lineage(j.ctx, e) {
		if n++; n > 1 || err != nil {
			return &v, err
		}
	}
	return nil, nil
}

// limited yields at most n; 0 for all.
func limited(n int, all iter.Seq2[listed, error]) iter.Seq2[listed, error] {
	if n == 0 {
		return all
	}
	return func(yield func(listed, error) bool) {
		left := n
		for v, err := range all {
			if left--; !yield(v, err) || left == 0 {
				return
			}
		}
	}
}

// limitedToldOf is limited for versions run by run: more becomes how many the run of the last one
// has besides, or one over logview.MostCounted.
func limitedToldOf(n int, all iter.Seq2[listed, error], more *int) iter.Seq2[listed, error] {
	if n == 0 {
		return all
	}
	return func(yield func(listed, error) bool) {
		run, left := &logview.Run{}, n
		for v, err := range all {
			switch {
			case err != nil:
				yield(v, err)
				return
			case left == 0 && !run.Takes(&v.Entry):
				return
			case left == 0:
				if *more++; *more > logview.MostCounted {
					return
				}
				continue
			case !run.Takes(&v.Entry):
				run = &logview.Run{}
			}
			run.Add(&v.Entry)
			if left--; !yield(v, nil) {
				return
			}
		}
	}
}

// limitedRuns yields the versions of at most n runs; 0 for all.
func limitedRuns(n int, all iter.Seq2[listed, error]) iter.Seq2[listed, error] {
	if n == 0 {
		return all
	}
	return func(yield func(listed, error) bool) {
		run, runs := &logview.Run{}, 1
		for v, err := range all {
			if err == nil && !run.Takes(&v.Entry) {
				run = &logview.Run{}
				if runs++; runs > n {
					return
				}
			}
			run.Add(&v.Entry)
			if !yield(v, err) {
				return
			}
		}
	}
}

// reversed yields in the opposite order, where that is asked for.
func reversed(is bool, all iter.Seq2[listed, error]) iter.Seq2[listed, error] {
	if !is {
		return all
	}
	return func(yield func(listed, error) bool) {
		var list []listed
		for v, err := range all {
			if err != nil {
				yield(v, err)
				return
			}
			list = append(list, v)
		}
		for _, v := range slices.Backward(list) {
			if !yield(v, nil) {
				return
			}
		}
	}
}
