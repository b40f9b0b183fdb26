package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// below is what a folder, or file, held at a moment.
func (m *modelMoment) below(folder string) map[string]modelState {
	all := map[string]modelState{}
	for p, s := range m.recorded {
		if p == folder || strings.HasPrefix(p, folder+"/") {
			all[p] = s
		}
	}
	return all
}

// pickMoment draws a state from the past, and a path that was in it: the step's own, or one above
// it.
func (w *modelWorld) pickMoment(s modelStep) (m *modelMoment, p string) {
	if len(w.moments) == 0 {
		return nil, ""
	}
	m = &w.moments[s.n/8%len(w.moments)]
	for p = w.path(s.a); p != w.base; p = filepath.Dir(p) {
		if len(m.below(p)) > 0 {
			return m, p
		}
	}
	return nil, ""
}

// restoreBeside brings a folder of a run in the past back beside, by its commit or its moment, and
// compares.
func (w *modelWorld) restoreBeside(s modelStep) {
	m, p := w.pickMoment(s)
	if m == nil {
		return
	}
	if s.m%8 == 0 {
		w.compareAt(p, m.at.UTC().Format(time.RFC3339Nano), w.inForce(p, m.at))
		return
	}
	all := map[string][]modelState{}
	for source, state := range m.below(p) {
		all[source] = []modelState{state}
		if m.loose[source] { // its record says this, and the commit's tree another thing
			all[source] = append(all[source], modelState{})
		}
	}
	w.compareAt(p, m.tip+"~0", all)
}

// compareAt restores a path beside, and compares what comes with the states that each source may
// have. The zero state stands for none.
func (w *modelWorld) compareAt(p, when string, may map[string][]modelState) {
	to := w.path("back")
	defer os.RemoveAll(to)
	out, code := w.program("restore", p, "--at", when, "--to", to+"/")
	if code != 0 {
		w.fail("restore", "restore %s --at %s: exit %d: %s", p, when, code, out)
	}
	got := map[string]modelState{}
	w.must(filepath.WalkDir(to, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(to+p, path) && path != to+p {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		got[strings.TrimPrefix(path, to)], _, err = stateOf(path, info)
		return err
	}))
	for source, state := range got {
		if _, known := may[source]; !known && !(state.folder && anyBelow(may, source)) {
			may[source] = nil
		}
	}
	for source, states := range may {
		ok := slices.ContainsFunc(states, func(state modelState) bool {
			g := got[source]
			if os.Geteuid() != 0 {
				g.uid, g.gid = state.uid, state.gid
			}
			return g.equal(state, true) || g.folder && state == modelState{} && anyBelow(may, source)
		})
		if !ok {
			w.fail("restore", "restore %s --at %s: %s comes back as %v, was %v\n%s", p, when, source, got[source], states, out)
		}
	}
	sure := map[string]modelState{}
	for source, states := range may {
		if len(states) == 1 {
			sure[source] = states[0]
		}
	}
	w.joined(to, sure, out)
}

// anyBelow tells whether something that lies below a folder may have been there, which needs it.
func anyBelow(may map[string][]modelState, folder string) bool {
	for p, states := range may {
		if strings.HasPrefix(p, folder+"/") && slices.ContainsFunc(states, func(s modelState) bool { return s != modelState{} }) {
			return true
		}
	}
	return false
}

// holdsAny tells whether anything is in a folder. If it may not be there, that is a fault by
// itself.
func holdsAny(folder string) bool {
	all, err := os.ReadDir(folder)
	return err != nil || len(all) > 0
}

// inForce is which states each source at a path and below it may have had at a moment: mostly one.
func (w *modelWorld) inForce(p string, at time.Time) map[string][]modelState {
	all := map[string][]modelState{}
	from := map[string]time.Time{}
	for source, records := range w.history {
		if source != p && !strings.HasPrefix(source, p+"/") {
			continue
		}
		states := []modelState{{}}
		for i, r := range records {
			var before time.Time
			if i > 0 {
				before = records[i-1].captured
			}
			since, sure := r.since(before)
			switch {
			case at.Before(since):
				continue
			case sure || !at.Before(r.captured):
				states = nil
			}
			if r.event == "deleted" {
				r.state = modelState{}
			}
			states = append(states, r.state)
			from[source] = since
		}
		if slices.Contains(states, modelState{}) {
			for _, r := range records { // what needs the folder tells of it by a later version
				if r.state.folder && r.event != "deleted" {
					states = append(states, r.state)
				}
			}
		}
		all[source] = states
	}
	for source := range all {
		for above := filepath.Dir(source); len(above) > len(w.base); above = filepath.Dir(above) {
			if !slices.ContainsFunc(all[above], func(s modelState) bool { return s.link || s.blob != "" }) {
				continue // nothing, or only ever a folder
			}
			for _, loser := range []string{source, above} { // both in force: the later counts
				if len(all[source])+len(all[above]) > 2 || !from[loser].After(from[source]) && !from[loser].After(from[above]) {
					all[loser] = append(all[loser], modelState{})
				}
			}
		}
	}
	return all
}

// since is the moment from which on a version counts: its mtime, or ctime where mode or owner have
// changed, if the source was captured before that, else its capture. Of a first version, for which
// before is zero, the mtime counts as far back as no run looked for the source, which the model
// does not know: it is not sure.
func (r *modelRecord) since(before time.Time) (at time.Time, sure bool) {
	at = r.state.mtime
	if !r.changed.IsZero() {
		at = r.changed
	}
	if r.event == "deleted" || r.state.folder && r.changed.IsZero() || r.renamed != "" || at.Before(before) || at.After(r.captured) {
		return r.captured, true
	}
	return at, !before.IsZero()
}

// restoreInPlace brings a folder of a run in the past back over what is there.
func (w *modelWorld) restoreInPlace(s modelStep) {
	m, p := w.pickMoment(s)
	if m == nil || w.away || w.behind {
		return
	}
	want := m.below(p)
	maps.DeleteFunc(want, func(source string, _ modelState) bool { return m.loose[source] })
	r := modelRestore{modelWorld: w, args: []string{"restore", p, "--at", m.tip + "~0"}, path: p, want: want, unsure: m.loose}
	if s.m%4 == 0 && w.list.watchedAs(p, true) {
		r.exact, r.args = true, append(r.args, "--exact", "--yes")
	}
	r.do()
}

// restoreDeleted brings back what the newest deletion took at a path or below it: without a flag
// where nothing is left there.
func (w *modelWorld) restoreDeleted(s modelStep) {
	if w.away || w.behind || w.tip == "" {
		return
	}
	for p := w.path(s.a); p != w.base; p = filepath.Dir(p) {
		want, left := w.newestDeletion(p)
		if len(want) == 0 {
			continue
		}
		r := modelRestore{modelWorld: w, args: []string{"restore", p}, path: p, want: want}
		if left {
			r.args = append(r.args, "--deleted")
		}
		r.do()
		return
	}
}

// newestDeletion is what the newest run that has deleted anything at a path or below has deleted
// there, as it was before. What the run has found elsewhere was renamed. left tells whether
// something is recorded there still.
func (w *modelWorld) newestDeletion(p string) (want map[string]modelState, left bool) {
	var last modelRecord
	renamed := map[string]bool{}
	for _, records := range w.history {
		for _, r := range records {
			renamed[r.scan+r.renamed] = true
		}
	}
	for source, r := range w.newest {
		if source != p && !strings.HasPrefix(source, p+"/") {
			continue
		}
		left = left || r.event != "deleted"
		if w.hasGone(source) && !renamed[r.scan+source] && r.captured.After(last.captured) {
			last = r
		}
	}
	want = map[string]modelState{}
	for source, records := range w.history {
		n := len(records)
		if (source == p || strings.HasPrefix(source, p+"/")) && w.hasGone(source) && records[n-1].scan == last.scan && !renamed[last.scan+source] && !w.tainted[source] && !w.loose[source] {
			want[source] = records[n-2].state
		}
	}
	return want, left
}

// hasGone tells whether the newest record of a source deletes something.
func (w *modelWorld) hasGone(source string) bool {
	records := w.history[source]
	n := len(records)
	if n < 2 || records[n-1].event != "deleted" || records[n-1].leadsOn || records[n-2].event == "deleted" {
		return false
	}
	for p := range w.recorded { // a folder has the place of a file now
		if !records[n-2].state.folder && strings.HasPrefix(p, source+"/") {
			return false
		}
	}
	return true
}

// modelRestore is a restore in place.
type modelRestore struct {
	*modelWorld
	args  []string
	path  string
	want  map[string]modelState // what must be there after it
	exact bool                  // and nothing else that is watched

	unsure map[string]bool // what may have been there then or not

	out           string
	before, after map[string]modelState // what is on disk
	records       map[string]modelRecord
}

// do does it. Nothing that is replaced may be lost.
func (r *modelRestore) do() {
	r.before = r.disk(r.path)
	var code int
	r.out, code = r.program(r.args...)
	if code != 0 && code != 3 && !r.coarseOnly(r.out) {
		r.failRestore("restore", "exit %d", code)
	}
	r.after = r.disk(r.path)
	for p, k := range r.keys { // two runs that looked at a part
		k.lost = k.lost || r.blank
		r.keys[p] = k
	}
	r.blank = false
	r.take()
	r.losesNothing()
	r.tellsWhatItRestored()
	defer r.writeList() // which may have been restored as well
	if code != 3 {
		r.bringsBack()
	}
}

func (r *modelRestore) failRestore(check, format string, args ...any) {
	r.fail(check, "%s: %s\n%s", strings.Join(r.args, " "), fmt.Sprintf(format, args...), r.out)
}

// take makes the model what the history is now.
func (r *modelRestore) take() {
	r.records = map[string]modelRecord{}
	tip := r.tipNow()
	for _, rec := range r.modelWorld.records(r.tip, tip) {
		r.newest[rec.source] = rec
		r.history[rec.source] = append(r.history[rec.source], rec)
		if rec.event == "deleted" {
			delete(r.recorded, rec.source)
		} else {
			if !rec.state.folder {
				r.versions[rec.source] = append(r.versions[rec.source], rec.state.blob)
			}
			r.recorded[rec.source] = rec.state
		}
		r.tainted[rec.source], r.partly[rec.source] = true, true
		r.records[rec.source] = rec
	}
	r.tip = tip
}

// losesNothing checks that some version has what is not there any more: the content, and mode,
// owner and attributes of what has become another.
func (r *modelRestore) losesNothing() {
	for path, old := range r.before {
		now, there := r.after[path]
		if !old.folder && (!there || now.blob != old.blob) && !slices.Contains(r.versions[path], old.blob) {
			r.failRestore("restore loses", "%s was %v, which no version holds, and is %v now", path, old, now)
		}
		if there && old.folder == now.folder && !now.equal(old, false) && (!old.folder || r.list.watchedAs(path, true)) && !slices.ContainsFunc(r.history[path], func(rec modelRecord) bool { return rec.state.equal(old, false) }) {
			r.failRestore("restore loses", "%s was %v, of which no version tells, and is %v now", path, old, now)
		}
	}
}

// tellsWhatItRestored checks that each version of something restored names the one that was brought
// back.
func (r *modelRestore) tellsWhatItRestored() {
	byCommit := map[string]modelRecord{}
	for _, all := range r.history {
		for _, rec := range all {
			byCommit[rec.commit] = rec
		}
	}
	for path, rec := range r.records {
		now, there := r.after[path]
		_, wanted := r.want[path]
		switch {
		case rec.event == "restored":
			if from := byCommit[rec.from]; !from.state.equal(rec.state, true) && !r.coarse() {
				r.failRestore("restored", "%s is recorded as restored from %.10q, which is %v: %v", path, rec.from, from.state, rec.state)
			}
		case there && wanted && rec.event != "deleted" && rec.state.equal(now, true) && !r.before[path].equal(now, true):
			r.failRestore("restored", "%s was brought back, and is recorded as %s: %v", path, rec.event, now)
		}
	}
}

// bringsBack checks what is there after a restore that says it has done all.
func (r *modelRestore) bringsBack() {
	for path, want := range r.want {
		got := r.after[path]
		if r.coarse() {
			want.mtime, got.mtime = want.mtime.Truncate(time.Second), got.mtime.Truncate(time.Second)
		}
		if os.Geteuid() != 0 {
			got.uid, got.gid = want.uid, want.gid
		}
		if !got.equal(want, true) && !(want.link && r.list.names(path)) && !r.wasMapped(path) {
			r.failRestore("restore", "exit 0, and %s is %v, was %v", path, got, want)
		}
	}
	r.joined("", r.want, r.out)
	if !r.exact {
		return
	}
	for path, state := range r.after {
		if _, was := r.want[path]; !was && !r.unsure[path] && r.list.watchedAs(path, state.folder) && !(state.folder && (holdsAny(path) || !r.wasIn(path) || r.mountBelow(path))) && !r.list.leadsThrough(path) {
			r.failRestore("restore exact", "%s was not there then, and is: %v", path, state)
		}
	}
}

// wasIn tells whether a folder above the path was recorded then, and so what folders were in it.
func (r *modelRestore) wasIn(path string) bool {
	for path = filepath.Dir(path); path != "/"; path = filepath.Dir(path) {
		if r.want[path].folder {
			return true
		}
	}
	return false
}

// coarseOnly tells whether a command found nothing wrong but mtimes that the file system cannot
// keep.
func (w *modelWorld) coarseOnly(out string) bool {
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "ERR") && !strings.HasSuffix(line, "was written, but differs from its version in mtime\n") {
			return false
		}
	}
	return w.coarse()
}

// disk is what lies at a path and below it, watched or not. Where an entry is a link, what is
// behind it counts.
func (w *modelWorld) disk(p string) map[string]modelState {
	all := map[string]modelState{}
	info, err := os.Lstat(p)
	if w.never(p) {
		return all
	}
	if err == nil && w.list.names(p) {
		if behind, err := os.Stat(p); err == nil {
			info = behind
		}
	}
	if err != nil {
		return all
	}
	if info.IsDir() {
		children, _ := os.ReadDir(p)
		for _, c := range children {
			maps.Copy(all, w.disk(p+"/"+c.Name()))
		}
	}
	if info.IsDir() || info.Mode().IsRegular() || info.Mode()&os.ModeSymlink != 0 {
		state, _, err := stateOf(p, info)
		w.must(err)
		all[p] = state
	}
	return all
}
