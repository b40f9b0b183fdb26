package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// run is one run of the program, with what works beside it, and the checks that this step has
// drawn.
func (w *modelWorld) run(s modelStep) {
	if beside := w.beside; beside != nil {
		w.beside = nil
		w.judgeRun(func() (string, int) {
			defer w.beginDuring(*beside)()
			return w.program("run")
		}, modelScope{})
	}
	w.judgeRun(w.runBeside, modelScope{})
	w.check(s)
	w.remember()
}

// modelScope is what a run is about.
type modelScope struct {
	accepted string // below this path deletions are accepted
	only     string // no other path is looked at
}

// judgeRun does a run and compares what it recorded with what the model says.
func (w *modelWorld) judgeRun(run func() (string, int), scope modelScope) {
	maps.Copy(w.tainted, w.loose)
	if w.locked = w.locked && w.tip != ""; w.locked {
		w.must(os.WriteFile(w.dest+"/.git/index.lock", nil, 0o600))
	}
	out, code := run()
	if w.locked {
		w.must(os.Remove(w.dest + "/.git/index.lock"))
	}
	sight := w.list.look(w)
	tip := w.tipNow()
	j := &modelJudge{modelWorld: w, sight: sight, modelScope: scope, out: out, got: map[string]modelRecord{}}
	records := w.records(w.tip, tip)
	for _, r := range records {
		if _, twice := j.got[r.source]; twice && w.shakyOf(r.source) == nil {
			j.failRun("twice", "%s is recorded twice", r.source)
		}
		j.got[r.source] = r
		w.partly[r.source] = scope.only != ""
		w.newest[r.source] = r
		w.history[r.source] = append(w.history[r.source], r)
		if r.event != "deleted" && !r.state.folder {
			w.versions[r.source] = append(w.versions[r.source], r.state.blob)
		}
	}
	j.order(records)
	j.sources()
	j.hardLinks()
	j.exit(code)
	w.tip = tip
	w.compareTree(sight)
	w.keys = maps.Clone(sight.keys)
	for p, k := range j.kept {
		if k.lost = k.lost || w.blank; k.ino != 0 {
			w.keys[p] = k
		}
	}
	maps.DeleteFunc(w.tainted, func(p string, _ bool) bool {
		_, waits := j.kept[p] // for a run that finds it
		return !waits
	})
	clear(w.shaky)
	w.blank = false
	w.behind = w.locked || w.away || w.split
	w.owed = w.noRoom
	w.locked = false
}

// modelJudge compares one run with the model.
type modelJudge struct {
	*modelWorld
	sight *modelSight
	got   map[string]modelRecord
	modelScope
	out string

	kept         map[string]modelKey
	holds, maybe bool
}

func (j *modelJudge) failRun(check, format string, args ...any) {
	var b strings.Builder
	for _, e := range j.list.entries {
		b.WriteString("\n    entry " + e.text + " " + strings.Join(e.exclude, " "))
	}
	b.WriteString("\n    exclude " + strings.Join(j.list.exclude, " "))
	for _, p := range slices.Sorted(maps.Keys(j.got)) {
		b.WriteString("\n    recorded: " + j.got[p].event + " " + p + ": " + j.got[p].state.String())
	}
	args = append(args, j.out, b.String())
	j.fail(check, format+"\n    the run says: %s%s", args...)
}

// sources judges each source, and makes the model what the history is now.
func (j *modelJudge) sources() {
	j.kept = map[string]modelKey{}
	all := map[string]bool{}
	for p := range j.sight.found {
		all[p] = true
	}
	for p := range j.recorded {
		all[p] = true
	}
	for p := range j.got {
		all[p] = true
	}
	before := maps.Clone(j.recorded)
	for _, p := range slices.Sorted(maps.Keys(all)) {
		if _, got := j.got[p]; !got && j.only != "" && p != j.only && !strings.HasPrefix(p, j.only+"/") {
			j.kept[p] = j.keys[p]
			continue
		}
		if state, there := j.sight.found[p]; there {
			j.present(p, state)
		} else {
			j.absent(p, before)
		}
	}
}

// event is what a run records of a source, "" for nothing.
func (j *modelJudge) event(p string, state modelState) string {
	old, there := j.recorded[p]
	switch {
	case !there:
		return "added"
	case old.link != state.link || old.folder != state.folder:
		return "type-changed"
	case old.blob != state.blob:
		return "modified"
	case old.mode != state.mode || old.uid != state.uid || old.gid != state.gid || old.xattrs != state.xattrs:
		return "metadata"
	case !old.mtime.Equal(state.mtime) && j.setting.touched:
		return "touched"
	}
	return ""
}

// present judges a source that is there.
func (j *modelJudge) present(p string, state modelState) {
	r, got := j.got[p]
	want := j.event(p, state)
	sure := !j.sight.either[p] && j.shakyOf(p) == nil && !j.blind(p, want) && !(state.link && j.heldBelow(p))
	switch {
	case !got && j.sight.either[p]: // the run may not have looked at it
		j.kept[p] = j.keys[p]
		return
	case !sure && !got && want != "":
		if j.shakyOf(p) != nil || j.recorded[p].blob != state.blob {
			j.kept[p] = j.keys[p]
			return
		}
	case sure && !got && want != "":
		j.failRun("missed", "%s: %s is not recorded: %v; before: %v", p, want, state, j.recorded[p])
	case got && r.event == "deleted" && (j.shakyOf(p) == nil || !j.shakyOf(p).absent):
		j.failRun("deleted", "%s is there and recorded as deleted: %v", p, state)
	case got && sure && r.event != want && !j.tainted[p] && !j.relinked(p, r, want):
		j.failRun("event", "%s: recorded as %s, should be %q: %v; before: %v", p, r.event, want, state, j.recorded[p])
	case got && sure && !r.state.equal(state, j.setting.touched || want != ""):
		j.failRun("state", "%s: recorded as %v, is %v; before: %v", p, r.state, state, j.recorded[p])
	case got && !sure:
		j.whole(p, r)
	}
	if got && r.event == "deleted" {
		delete(j.recorded, p)
	} else if got {
		j.recorded[p] = r.state
	}
}

// heldBelow tells whether a source below a path is recorded and stays so, though it is not there:
// it has the place of a link that leads to it.
func (j *modelJudge) heldBelow(p string) bool {
	for o := range j.recorded {
		if strings.HasPrefix(o, p+"/") && j.got[o].event != "deleted" {
			return true
		}
	}
	return false
}

// blind tells whether nothing but the content itself tells that it has changed, as after a write
// through a mapping.
func (j *modelJudge) blind(p, want string) bool {
	key, known := j.keys[p]
	return want == "modified" && known && !j.blank && key == j.sight.keys[p] && j.mapped[[2]uint64{key.dev, key.ino}]
}

// wasMapped tells whether a file was written through a mapping: that it has changed shows in its
// content alone.
func (w *modelWorld) wasMapped(p string) bool {
	info, err := os.Stat(p)
	if err != nil {
		return false
	}
	st := info.Sys().(*syscall.Stat_t)
	return w.mapped[[2]uint64{uint64(st.Dev), st.Ino}]
}

// whole checks that a version which was recorded amid changes is none that never was.
func (j *modelJudge) whole(p string, r modelRecord) {
	s := j.shakyOf(p)
	if s == nil || r.torn || r.state.link || s.blobs == nil && s.whole == nil {
		return
	}
	if !s.blobs[r.state.blob] && (s.whole == nil || !s.whole(j.git("cat-file", "blob", r.state.blob))) {
		j.failRun("mixed", "%s: the version is none of the states it went through: %v", p, r.state)
	}
}

// absent judges a source that was not found.
func (j *modelJudge) absent(p string, before map[string]modelState) {
	r, got := j.got[p]
	_, known := j.recorded[p]
	deleted := got && r.event == "deleted"
	switch {
	case got && !deleted && !j.sight.either[p] && j.shakyOf(p) == nil:
		j.failRun("invented", "%s is recorded as %s, and is not there: %v", p, r.event, r.state)
	case got && !deleted:
		j.recorded[p] = r.state
		return
	case got && !known && !j.tainted[p] && j.shakyOf(p) == nil:
		j.failRun("deleted", "%s is recorded as deleted, and was not known", p)
	case !known:
		return
	}
	info, err := os.Lstat(p)
	still := err == nil && info.Mode()&os.ModeSymlink != 0 && j.recorded[p].link
	if still && j.displaced(p) {
		delete(j.recorded, p) // it is there still, but what an entry names has its place
		return
	}
	fate := held
	if still {
		j.maybe = true // an entry names it, and nothing that is watched is behind it
	} else if watched := j.list.anyComesTo(p, j.recorded[p].folder); !watched && j.displaced(p) {
		fate = gone
	} else if watched {
		fate = j.sight.fate(p, j.keys[p], before, j.blank)
		if j.accepted != "" && (p == j.accepted || strings.HasPrefix(p, j.accepted+"/")) && !j.sight.special[p] && !barred(p) {
			fate, j.maybe = gone, true
		}
	}
	if j.shakyOf(p) != nil || j.besideShaky(p) || j.tainted[p] || j.sight.either[p] || j.only != "" && fate == gone {
		fate = either
	}
	j.maybe = j.maybe || fate == either
	j.holds = j.holds || fate == held && !still && j.list.anyComesTo(p, j.recorded[p].folder)
	switch {
	case deleted && r.leadsOn != still && j.shakyOf(p) == nil && !j.tainted[p]:
		j.failRun("false deletion", "%s: a link is there: %v; recorded as one that leads on: %v", p, still, r.leadsOn)
	case deleted && fate == held:
		j.failRun("false deletion", "%s %s: %v", p, fate, j.recorded[p])
	case !deleted && fate == gone:
		j.failRun("missed deletion", "%s %s: %v", p, fate, j.recorded[p])
	}
	if deleted {
		delete(j.recorded, p)
	} else {
		j.kept[p] = j.keys[p]
	}
}

// displaced tells whether something that was found has the place of a source in the tree, or needs
// a folder there.
func (j *modelJudge) displaced(p string) bool {
	for other, state := range j.sight.found {
		if strings.HasPrefix(other, p+"/") && !j.recorded[p].folder || strings.HasPrefix(p, other+"/") && !state.folder {
			return true
		}
	}
	return false
}

// order checks that versions come in the order of their mtimes.
func (j *modelJudge) order(records []modelRecord) {
	var last modelRecord
	for _, r := range records {
		if r.event == "deleted" || r.state.folder || j.shakyOf(r.source) != nil {
			continue // its mtime may be another than when it was found
		}
		if last.scan == r.scan && (r.state.mtime.Before(last.state.mtime) || r.state.mtime.Equal(last.state.mtime) && r.source < last.source) {
			j.failRun("order", "%s of %v comes after %s of %v", r.source, r.state.mtime, last.source, last.state.mtime)
		}
		last = r
	}
	for _, r := range records {
		if from := r.renamed; from != "" && j.got[from].event != "deleted" && j.shakyOf(from) == nil {
			j.failRun("renamed", "%s is renamed from %s, which is not deleted", r.source, from)
		}
	}
}

func (j *modelJudge) exit(code int) {
	trouble := j.sight.trouble || j.holds
	maybe := j.sight.maybe || j.maybe || trouble || len(j.shaky) > 0 || j.locked
	switch {
	case code == modelNoExit:
	case code != 0 && code != 3:
		j.failRun("exit", "exit %d", code)
	case j.only != "":
	case trouble && code == 0 && j.accepted == "":
		j.failRun("exit", "exit 0 though something is left out")
	case code == 3 && !maybe:
		j.failRun("exit", "exit 3 though nothing is left out")
	}
}

// equal compares two states; the mtime counts where it makes a version, and other names of the file
// do not.
func (s modelState) equal(o modelState, mtime bool) bool {
	if !mtime {
		o.mtime = s.mtime
	}
	same := s.link == o.link && s.folder == o.folder && s.blob == o.blob && s.size == o.size && s.mtime.Equal(o.mtime)
	return same && s.mode == o.mode && s.uid == o.uid && s.gid == o.gid && s.xattrs == o.xattrs
}

// shakyOf is what a source, or a folder above it, went through during the run.
func (w *modelWorld) shakyOf(p string) *modelShaky {
	if len(w.shaky) == 0 {
		return nil
	}
	if s := w.shakyAbove(p); s != nil {
		return s
	}
	real := resolvedPath(p, 40)
	if real == p {
		return nil
	}
	for at, s := range w.shaky { // which a listed link may lead to
		if strings.HasPrefix(at, real+"/") {
			return s
		}
	}
	return w.shakyAbove(real)
}

// shakyAbove is what a path itself, or a folder above it, went through during the run.
func (w *modelWorld) shakyAbove(p string) *modelShaky {
	for at := p; len(at) > len(w.base); at = filepath.Dir(at) {
		if s := w.shaky[at]; s != nil {
			return s
		}
	}
	return nil
}

// resolvedPath follows the links on a path, at most depth deep. What it leads to may be missing.
func resolvedPath(p string, depth int) string {
	at := "/"
	for part := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		at = filepath.Join(at, part)
		if target, err := os.Readlink(at); err == nil && depth > 0 {
			if !filepath.IsAbs(target) {
				target = filepath.Dir(at) + "/" + target
			}
			at = resolvedPath(target, depth-1)
		}
	}
	return at
}

// besideShaky tells whether something came and went during the run in a folder above p: the folder
// may be as empty now as it was not then.
func (w *modelWorld) besideShaky(p string) bool {
	for shaky := range w.shaky {
		if strings.HasPrefix(p, filepath.Dir(shaky)+"/") {
			return true
		}
	}
	return false
}

// compareTree checks that the tip's tree is what the newest records say.
func (w *modelWorld) compareTree(sight *modelSight) {
	if w.tip == "" {
		return
	}
	tree := w.tree(w.tip)
	maps.Copy(w.loose, w.tainted)
	for p := range w.loose { // a source that is watched, and stands still, is recorded again
		if _, there := w.recorded[p]; w.list.watched(p) && !sight.special[p] && w.shakyOf(p) == nil && (!there || sight.has(p)) {
			delete(w.loose, p)
		} else {
			delete(tree, w.newest[p].file)
		}
	}
	for p, s := range w.recorded {
		file := w.newest[p].file
		if w.loose[p] || s.folder {
			continue
		}
		if want := s.treeMode() + " " + s.blob; tree[file] != want {
			w.fail("tree", "%s: the tip holds %q, the newest record says %q\n%s", file, tree[file], want, strings.Join(slices.Sorted(maps.Keys(tree)), "\n"))
		}
		delete(tree, file)
	}
	for file := range tree {
		w.fail("tree", "the tip holds %s, and no record does", file)
	}
	w.compareXattrs()
}

// compareXattrs checks that the tip's tree holds the long attributes.
func (w *modelWorld) compareXattrs() {
	if w.reverted {
		return
	}
	held := w.git("ls-tree", "-r", "--name-only", w.tip, "xattrs/")
	for p, s := range w.recorded {
		for x := range strings.SplitSeq(s.xattrs, "\n") {
			if _, blob, long := strings.Cut(x, "@"); long && !strings.Contains(x, "=") && !strings.Contains(held, "xattrs/"+blob+"\n") {
				w.fail("tree", "%s: the tip does not hold %s", p, x)
			}
		}
	}
}

// Which checks a run step does beyond those of every run.
func (w *modelWorld) check(s modelStep) {
	for _, c := range []struct {
		name string
		due  bool
		do   func()
	}{
		{"second run", s.n%4 == 0, w.again},
		{"status", s.n%3 == 0, w.status},
		{"restore", s.m%4 == 0, func() { w.restoreBeside(s) }},
		{"verify", s.m%8 == 0, w.verify},
		{"fsck", s.m%16 == 0, w.fsck},
		{"clone", s.m%16 == 8, w.clone},
	} {
		if c.due && w.tip != "" && (w.about == "" || w.about == c.name) {
			c.do()
		}
	}
}

// again does a second run at once, which records nothing.
func (w *modelWorld) again() {
	out, _ := w.program("run")
	if tip := w.tipNow(); tip != w.tip {
		w.fail("second run", "it records %v\n%s", w.records(w.tip, tip), out)
	}
}

// status checks that git finds files/ and the index as they should be.
func (w *modelWorld) status() {
	if w.behind {
		return
	}
	for line := range strings.Lines(w.git("status", "--porcelain", "--untracked-files=all")) {
		if !strings.HasSuffix(line, " own\n") && !strings.Contains(line, ".aside") {
			w.fail("status", "git status: %s", line)
		}
	}
}

func (w *modelWorld) fsck() {
	out, err := w.tryGit("fsck", "--strict", "--full", "--no-dangling")
	if err != nil || out != "" && !strings.HasPrefix(out, "notice") {
		w.fail("fsck", "%v: %s", err, out)
	}
}

func (w *modelWorld) verify() {
	if w.behind || w.noRoom {
		return
	}
	if w.rewritten {
		w.expect(0, "verify", "--repair")
		w.rewritten = false
	}
	if out, code := w.program("verify"); code != 0 {
		w.fail("verify", "exit %d: %s", code, out)
	}
}

// clone checks that a clone has the same files.
func (w *modelWorld) clone() {
	dir := w.path("clone")
	defer os.RemoveAll(dir)
	w.git("clone", "-q", "--branch", w.branch, w.dest, dir)
	tree := w.tree(w.tip)
	err := filepath.WalkDir(dir+"/files", func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		state, _, err := stateOf(p, info)
		if err != nil {
			return err
		}
		file := strings.TrimPrefix(p, dir+"/")
		if _, blob, _ := strings.Cut(tree[file], " "); blob != state.blob {
			w.fail("clone", "%s: the clone has %v, the tree %s", file, state, tree[file])
		}
		delete(tree, file)
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		w.must(err)
	}
	if len(tree) > 0 {
		w.fail("clone", "it lacks %v", tree)
	}
}

// quiet waits until no file is too new to be trusted, and looks whether a run that finds nothing
// writes nothing.
func (w *modelWorld) quiet(s modelStep) {
	w.comeBack()
	w.locked = false
	time.Sleep(2100 * time.Millisecond)
	w.judgeRun(func() (string, int) { return w.program("run") }, modelScope{})
	w.remember()
	if w.tip == "" {
		return
	}
	w.status()
	w.program("run") // git status has written the index, which a run looks into once
	w.program("run") // and that one has written copies, which share storage with files/
	before := w.footprint()
	out, _ := w.program("run")
	later := w.footprint()
	after := maps.Clone(later)
	maps.Copy(after, before)
	var changed []string
	for p := range after {
		if now := later[p]; now != before[p] {
			changed = append(changed, fmt.Sprintf("%s: %s, %s", p, before[p], now))
		}
	}
	if slices.Sort(changed); len(changed) > 0 {
		w.fail("idle", "a run that finds nothing writes\n%s\n%s", strings.Join(changed, "\n"), out)
	}
}

// footprint is the state of each file and folder in the destination, but for the marks that runs
// leave on purpose.
func (w *modelWorld) footprint() map[string]string {
	all := map[string]string{}
	w.must(filepath.WalkDir(w.dest, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch rel := strings.TrimPrefix(p, w.dest); rel {
		case "/.git/timemachine/ran", "/.git/timemachine/ran-well":
		default:
			st := info.Sys().(*syscall.Stat_t)
			all[rel] = fmt.Sprintf("inode %d, %d bytes, %v, %v", st.Ino, info.Size(), info.ModTime(), changeTime(st))
		}
		return nil
	}))
	return all
}
