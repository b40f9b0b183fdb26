package main

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// modelOperation is a kind of step. It does nothing where what it needs is not there.
type modelOperation struct {
	name   string
	weight int // 0: the plan itself places it
	do     func(w *modelWorld, s modelStep)
}

var modelOperations []modelOperation

func init() {
	modelOperations = []modelOperation{
		{"run", 0, (*modelWorld).run},
		{"quiet", 1, (*modelWorld).quiet},
		{"write", 30, (*modelWorld).write},
		{"behind", 6, (*modelWorld).writeBehind},
		{"touch", 10, (*modelWorld).touch},
		{"chmod", 8, (*modelWorld).chmod},
		{"chown", 4, (*modelWorld).chown},
		{"remove", 12, (*modelWorld).remove},
		{"mkdir", 4, (*modelWorld).mkdir},
		{"symlink", 8, (*modelWorld).symlink},
		{"link", 4, (*modelWorld).hardLink},
		{"rename", 14, (*modelWorld).rename},
		{"fifo", 1, (*modelWorld).fifo},
		{"empty", 1, (*modelWorld).emptyRoot},
		{"aside", 2, (*modelWorld).moveRoot},
		{"watch", 3, (*modelWorld).watch},
		{"forget", 3, (*modelWorld).forget},
		{"accept", 2, (*modelWorld).accept},
		{"kill", 2, (*modelWorld).kill},
		{"restore", 4, (*modelWorld).restoreInPlace},
		{"deleted", 3, (*modelWorld).restoreDeleted},
		{"copies", 1, (*modelWorld).rebuildCopies},
		{"compact", 1, func(w *modelWorld, s modelStep) { w.expect(0, "compact") }},
		{"git", 5, (*modelWorld).others},
		{"checkout", 3, (*modelWorld).checkout},
		{"lock", 1, func(w *modelWorld, s modelStep) { w.locked = true }},
		{"adopt", 1, (*modelWorld).adopt},
		{"add", 2, (*modelWorld).add},
		{"floor", 1, (*modelWorld).copiesFloor},
		{"map", 2, (*modelWorld).writeMapped},
		{"during", 8, func(w *modelWorld, s modelStep) { w.beside = &s }},
		{"mount", 4, (*modelWorld).mount},
		{"reboot", 1, (*modelWorld).reboot},
		{"folder", 8, (*modelWorld).changeFolder},
		{"attribute", 10, (*modelWorld).setAttribute},
	}
}

// expect runs a command that must end with this code.
func (w *modelWorld) expect(code int, args ...string) {
	if w.tip == "" {
		return
	}
	if out, got := w.program(args...); got != code {
		w.fail("exit", "%s: exit %d: %s", strings.Join(args, " "), got, out)
	}
}

// room makes the folders above a path. What is no folder there is removed if force says so; else
// room returns false.
func (w *modelWorld) room(name string, force bool) bool {
	dir := filepath.Dir(w.path(name))
	for at := w.base; at != dir; {
		next, _, _ := strings.Cut(dir[len(at)+1:], "/")
		at += "/" + next
		info, err := os.Lstat(at)
		if err == nil && info.IsDir() {
			continue
		}
		if err == nil {
			if !force || w.isMount(at) {
				return false
			}
			w.must(os.Remove(at))
		}
		w.must(os.Mkdir(at, 0o755))
	}
	return true
}

// clear frees a path for something new, as room does.
func (w *modelWorld) clear(name string, force bool) bool {
	if !w.room(name, force) {
		return false
	}
	if info, err := os.Lstat(w.path(name)); err == nil {
		if info.IsDir() && (!force || w.mountBelow(w.path(name))) {
			return false
		}
		w.must(os.RemoveAll(w.path(name)))
	}
	return true
}

// content is a text, mostly short, sometimes one that another file has too.
func modelContent(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	switch r.IntN(8) {
	case 0:
		return nil
	case 1:
		return []byte("the same everywhere\n")
	case 2:
		return bytes.Repeat([]byte(fmt.Sprintf("line of %d\r\n", n)), r.IntN(8000))
	}
	return fmt.Appendf(nil, "%d\n", n)
}

func (w *modelWorld) write(s modelStep) {
	p := w.path(s.a)
	force := s.m%3 == 0
	if !w.room(s.a, force) {
		return
	}
	if info, err := os.Lstat(p); err == nil && info.Mode().IsRegular() && s.m%2 == 0 {
		w.must(os.WriteFile(p, modelContent(s.n), 0o644)) // in place
		return
	}
	if w.clear(s.a, force) {
		w.must(os.WriteFile(p, modelContent(s.n), 0o644))
	}
}

// pick returns the step's path where a file or link is there, else one of those that are: always
// the same for a step, whatever others there are.
func (w *modelWorld) pick(s modelStep) string {
	if info, err := os.Lstat(w.path(s.a)); err == nil && !info.IsDir() {
		return w.path(s.a)
	}
	best, least := w.path(s.a), uint64(math.MaxUint64)
	filepath.WalkDir(w.path("w"), func(p string, d os.DirEntry, err error) error {
		if w.never(p) || p == w.configFolder() {
			return fs.SkipDir
		}
		if err == nil && !d.IsDir() {
			h := fnv.New64a()
			fmt.Fprint(h, s.n, w.rel(p))
			if sum := h.Sum64(); sum < least {
				best, least = p, sum
			}
		}
		return nil
	})
	return best
}

// writeBehind changes content and keeps size and mtime.
func (w *modelWorld) writeBehind(s modelStep) {
	p := w.pick(s)
	info, err := os.Lstat(p)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return
	}
	b, err := os.ReadFile(p)
	w.must(err)
	b[s.n%len(b)] ^= 1
	w.must(os.WriteFile(p, b, 0o644))
	w.must(os.Chtimes(p, time.Time{}, info.ModTime()))
}

func (w *modelWorld) touch(s modelStep) {
	p := w.pick(s)
	info, err := os.Lstat(p)
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	var t time.Time
	switch s.n % 6 {
	case 0:
		t = time.Now()
	case 1:
		t = time.Date(2001, 1, 1+s.n%5, 0, 0, 0, s.n, time.UTC)
	case 2:
		t = time.Now().Add(time.Hour * time.Duration(1+s.n%1000))
	case 3:
		t = time.Date(1969, 12, 31, 23, 0, s.n%60, 5, time.UTC)
	case 4:
		t = info.ModTime().Add(-1)
	case 5:
		if other, err := os.Lstat(w.path(s.b)); err == nil {
			t = other.ModTime()
		}
	}
	if !t.IsZero() {
		w.must(os.Chtimes(p, time.Time{}, t))
	}
}

var modelModes = []os.FileMode{0o644, 0o600, 0o755, 0o700, 0o444, 0o640, 0o664, 0o777, 0o644 | os.ModeSetuid, 0o755 | os.ModeSetgid, 0o1644 &^ 0o1000, 0o400}

func (w *modelWorld) chmod(s modelStep) {
	p := w.pick(s)
	if info, err := os.Lstat(p); err == nil && info.Mode().IsRegular() {
		w.must(os.Chmod(p, modelModes[s.n%len(modelModes)]))
	}
}

func (w *modelWorld) chown(s modelStep) {
	p := w.pick(s)
	if info, err := os.Lstat(p); err == nil && !info.IsDir() && os.Geteuid() == 0 {
		w.must(os.Lchown(p, []int{0, 1, nobody, 54321}[s.n%4], []int{0, 1, 54321}[s.m%3]))
	}
}

func (w *modelWorld) remove(s modelStep) {
	if !w.mountBelow(w.path(s.a)) && w.room(s.a, false) {
		w.must(os.RemoveAll(w.path(s.a)))
	}
}

func (w *modelWorld) mkdir(s modelStep) {
	if w.clear(s.a, s.m%3 == 0) {
		w.must(os.Mkdir(w.path(s.a), 0o755))
	}
}

func (w *modelWorld) symlink(s modelStep) {
	if !w.clear(s.a, s.m%3 == 0) {
		return
	}
	target := []string{w.path(s.b), filepath.Base(s.b), "../o/f0", w.path("o/d0"), "nowhere", w.path("o/f0")}[s.n%6]
	w.must(os.Symlink(target, w.path(s.a)))
}

func (w *modelWorld) hardLink(s modelStep) {
	if info, err := os.Lstat(w.path(s.b)); err != nil || !info.Mode().IsRegular() || s.a == s.b || strings.HasPrefix(s.b, s.a+"/") {
		return
	}
	if w.clear(s.a, s.m%3 == 0) {
		os.Link(w.path(s.b), w.path(s.a)) // fails across two devices
	}
}

// rename moves a file or folder, or exchanges two.
func (w *modelWorld) rename(s modelStep) {
	from, to := w.path(s.b), w.path(s.a)
	if _, err := os.Lstat(from); err != nil || strings.HasPrefix(from+"/", to+"/") || strings.HasPrefix(to+"/", from+"/") || w.mountBelow(from) {
		return
	}
	if _, err := os.Lstat(to); err == nil && s.m%2 == 0 && !w.mountBelow(to) {
		exchangeNames(from, to, w.path("o/.exchange")) // fails across two devices
		return
	}
	if w.clear(s.a, s.m%3 == 0) {
		os.Rename(from, to) // not onto another device, nor where making room took it away
	}
}

func (w *modelWorld) fifo(s modelStep) {
	if w.clear(s.a, false) {
		w.must(unix.Mkfifo(w.path(s.a), 0o600))
	}
}

var modelRoots = []string{"w/a", "w/b", "w/a/d0", "w/b/d1"}

// emptyRoot removes all that is in a folder which is likely to be listed.
func (w *modelWorld) emptyRoot(s modelStep) {
	root := w.path(modelRoots[s.n%len(modelRoots)])
	names, _ := os.ReadDir(root)
	for _, e := range names {
		if p := root + "/" + e.Name(); !w.mountBelow(p) && p != w.configFolder() && p != w.dest {
			w.must(os.RemoveAll(p))
		}
	}
}

// moveRoot moves a folder that is likely to be listed away, or back.
func (w *modelWorld) moveRoot(s modelStep) {
	root := w.path(modelRoots[s.n%len(modelRoots)])
	aside := w.path("o/" + filepath.Base(root) + ".aside")
	if w.mountBelow(root) || strings.HasPrefix(w.configFolder(), root) || strings.HasPrefix(w.dest, root) {
		return
	}
	if _, err := os.Lstat(aside); err == nil {
		w.removeAll(root)
		os.Rename(aside, root)
	} else {
		os.Rename(root, aside)
	}
}

// forget takes what the program keeps beside the history.
func (w *modelWorld) forget(s modelStep) {
	if w.tip == "" {
		return
	}
	name := "/.git/timemachine/cache"
	if s.n%3 == 0 && !w.behind {
		name = "/.git/timemachine"
		w.rewritten = w.rewritten || w.owed // a repair writes the copies then
	}
	w.must(os.RemoveAll(w.dest + name))
	w.blank = true
}

// accept takes what is held back below a path for deleted.
func (w *modelWorld) accept(s modelStep) {
	p := w.path([]string{"w/a", "w/b", "w", s.a}[s.n%4])
	w.judgeRun(func() (string, int) { return w.program("run", "--accept-deletions", p) }, modelScope{accepted: p})
}

// kill lets a run begin that does not come far, and another that makes up for it.
func (w *modelWorld) kill(s modelStep) {
	cmd := w.command("run")
	w.must(cmd.Start())
	time.Sleep(time.Duration(s.n%12000) * time.Microsecond)
	cmd.Process.Kill()
	cmd.Wait()
	w.judgeRun(func() (string, int) { return w.program("run") }, modelScope{})
}

// copiesFloor lets copies be left out for want of room, or has room again.
func (w *modelWorld) copiesFloor(modelStep) {
	w.noRoom = !w.noRoom
	w.writeList()
}

func (w *modelWorld) rebuildCopies(s modelStep) {
	if w.tip == "" || !w.setting.copies || w.noRoom {
		return
	}
	if s.n%2 == 0 {
		w.must(os.RemoveAll(w.dest + "/copies"))
	}
	w.expect(0, "copies", "rebuild")
}

// others does what other people do in the destination, without rewriting the branch.
func (w *modelWorld) others(s modelStep) {
	if s.n%10 == 9 && w.tip != "" && !w.away {
		w.splitIndex()
	}
	if w.tip == "" || w.behind {
		return
	}
	on := !w.away
	switch s.n % 10 {
	case 0:
		w.git("gc", "-q", "--prune=now")
	case 1:
		w.git("pack-refs", "--all")
	case 2:
		w.git("repack", "-adq")
	case 3:
		if on {
			w.git("commit", "-q", "--allow-empty", "-m", "mine")
		}
	case 4:
		w.must(os.WriteFile(w.dest+"/own", fmt.Appendf(nil, "%d\n", s.m), 0o644))
		w.git("add", "own")
		if on && s.m%2 == 0 {
			w.git("commit", "-q", "-m", "own")
		}
	case 5, 6:
		if on {
			w.revert(s.m)
		}
	case 7:
		if on {
			w.git("branch", "-q", "-f", "side", w.branch)
			w.git("checkout", "-q", "side")
			w.git("commit", "-q", "--allow-empty", "-m", "side")
			w.git("checkout", "-q", w.branch)
			w.git("merge", "-q", "--no-ff", "--no-edit", "side")
		}
	case 8:
		w.git("commit-graph", "write", "--reachable")
	}
}

// splitIndex has git split the index, or join it again.
func (w *modelWorld) splitIndex() {
	if w.split {
		w.git("update-index", "--no-split-index")
	} else {
		w.git("update-index", "--split-index")
	}
	w.split = !w.split
	w.behind = true // until a run has looked at it
}

// revert takes back one of the newest versions in the tree, as somebody would who does not think of
// the source.
func (w *modelWorld) revert(n int) {
	out := strings.Fields(w.git("log", "--first-parent", "--no-merges", "--format=%H", "-8", w.branch))
	if w.git("status", "--porcelain", "--untracked-files=no") != "" {
		return
	}
	which := out[n%len(out)]
	if n%16 == 0 {
		which = strings.Fields(w.git("rev-list", "--max-parents=0", w.branch))[0]
	}
	w.taint(which)
	w.rewritten, w.reverted = true, true
	if _, err := w.tryGit("revert", "--no-edit", which); err == nil {
		return
	}
	if _, err := w.tryGit("revert", "--abort"); err != nil { // git cannot always
		w.git("reset", "-q", "--hard")
		w.tryGit("revert", "--quit")
	}
}

// taint takes note of what is changed in the tree when a commit is taken back.
func (w *modelWorld) taint(commit string) {
	for file := range strings.SplitSeq(w.git("diff-tree", "-z", "-r", "--root", "--no-commit-id", "--name-only", commit), "\x00") {
		for p, r := range w.newest {
			if r.file == file || strings.HasPrefix(r.file, file+"/") || !r.state.folder && strings.HasPrefix(file, r.file+"/") {
				w.tainted[p] = true
			}
		}
	}
}

// checkout leaves the recorded branch, or comes back.
func (w *modelWorld) checkout(s modelStep) {
	if w.tip == "" || w.behind {
		return
	}
	if w.away {
		w.comeBack()
		return
	}
	if s.n%2 == 0 {
		w.git("checkout", "-q", "--detach")
	} else {
		w.git("checkout", "-q", "-B", "elsewhere")
	}
	w.away = true
}

func (w *modelWorld) comeBack() {
	if w.away {
		w.git("checkout", "-q", w.branch)
		w.away, w.rewritten = false, true
	}
}

// adopt goes on with a clone, or under another name of the branch.
func (w *modelWorld) adopt(s modelStep) {
	if w.tip == "" || w.behind {
		return
	}
	w.comeBack()
	if s.n%2 == 0 {
		name := []string{"main", "hosts/web1", "hosts/web/2"}[s.m%3]
		if name == w.branch {
			return
		}
		w.git("branch", "-q", "-m", name)
		w.branch = name
		w.expect(0, "init", "--adopt")
		w.blank = true
		return
	}
	if w.noRoom { // for the copies, which a clone lacks altogether
		return
	}
	w.clones++
	old := w.dest
	w.dest = fmt.Sprintf("%s/dest%d", filepath.Dir(old), w.clones)
	w.must(os.Mkdir(w.dest, 0o700))
	w.git("clone", "-q", "--branch", w.branch, old, ".")
	w.expect(0, "init", "--adopt")
	if w.setting.copies {
		w.expect(0, "copies", "rebuild")
	}
	w.must(os.RemoveAll(old))
	w.blank, w.rewritten = true, true
}

// add has the program watch one more path, and take its first version.
func (w *modelWorld) add(s modelStep) {
	if len(w.tainted) > 0 {
		return
	}
	more := newModelList(rand.New(rand.NewPCG(w.seed, uint64(s.n))), w.base).entries[0]
	if more.exclude = nil; more.pattern != nil || w.list.watched(more.root) {
		return
	}
	w.list.entries = append(w.list.entries, more)
	if info, err := os.Stat(more.root); err != nil || barred(more.root) || !info.IsDir() && !info.Mode().IsRegular() {
		w.writeList()
		return
	}
	w.judgeRun(func() (string, int) { return w.program("add", more.root) }, modelScope{only: more.root})
	w.writeList()
}
