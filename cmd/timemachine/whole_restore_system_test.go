//go:build system && linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// wholeDamage is what a person does to a tree, and the command that brings it back: one where no
// run has seen the damage, and one where a run has recorded it.
type wholeDamage struct {
	name      string
	do        func(w *wholeTree)
	command   string // after the words restore DIR
	afterARun string
	rootAlone bool // only root can do it
	unseen    bool // a run of a user cannot look at it
}

var wholeDamages = []wholeDamage{
	{name: "deleted", do: func(w *wholeTree) { w.must(os.RemoveAll(w.root)) }},
	{name: "emptied", do: func(w *wholeTree) { w.sh(`find "$1" -mindepth 1 -delete`) }, afterARun: "--deleted"},
	{name: "chmod -R", do: func(w *wholeTree) { w.sh(`chmod -R 777 "$1"`) }, afterARun: "--at @1"},
	{name: "chmod -R closed", do: func(w *wholeTree) { w.sh(`chmod -R go-rwx,u+rwX "$1"`) }, afterARun: "--at @1"},
	{name: "chmod -R 000", do: func(w *wholeTree) { w.sh(`chmod -R 000 "$1"`) }, afterARun: "--at @1", unseen: true},
	{name: "chown -R", do: func(w *wholeTree) { w.sh(`chown -hR 7:7 "$1"`) }, afterARun: "--at @1", rootAlone: true},
	{name: "partly deleted", do: (*wholeTree).deletePartly, afterARun: "--deleted"},
	{name: "one folder deleted", do: func(w *wholeTree) { w.must(os.RemoveAll(w.folders[1])) }, afterARun: "--deleted"},
	{name: "replaced by files", do: (*wholeTree).exchangeKinds, command: "--exact --yes", afterARun: "--at @1 --exact --yes"},
	{name: "replaced by links", do: (*wholeTree).moveBehindLinks, command: "--exact --yes", afterARun: "--at @1 --exact --yes"},
	{name: "setfacl -R -b", do: (*wholeTree).dropLists, afterARun: "--at @1"},
	{name: "setfacl -R -m", do: func(w *wholeTree) { w.sh(`find "$1" ! -type l -exec setfacl -m u:2:rwx {} +`) }, afterARun: "--at @1"},
	{name: "touched", do: func(w *wholeTree) { w.sh(`find "$1" -exec touch -h {} +`) }, afterARun: "--at @1"},
	{name: "hard links cut", do: (*wholeTree).cutLinks, afterARun: "--at @1"},
	{name: "hard links made", do: (*wholeTree).joinFiles, afterARun: "--at @1"},
	{name: "written over", do: func(w *wholeTree) { w.sh(`find "$1" -type f -exec sh -c 'for f; do echo damage >>"$f"; done' sh {} +`) }, afterARun: "--at @1"},
	{name: "filled", do: func(w *wholeTree) {
		w.sh(`find "$1" -type d -exec sh -c 'for d; do echo x >"$d/more"; mkdir "$d/mored"; done' sh {} +`)
	},
		command: "--exact --yes", afterARun: "--at @1 --exact --yes"},
	{name: "all at once", do: func(w *wholeTree) {
		w.sh(`find "$1" -type f -exec sh -c 'for f; do echo damage >>"$f"; done' sh {} +; setfacl -R -b "$1"; chmod -R a+rwX "$1"`)
		w.cutLinks()
		w.deletePartly()
		w.exchangeKinds()
	}, command: "--exact --yes", afterARun: "--at @1 --exact --yes"},
}

// sh runs a shell script whose $1 is the tree.
func (w *wholeTree) sh(script string) {
	w.Helper()
	w.tool([]string{"sh", "-ec", script, "sh"}, w.root)
}

// deletePartly deletes some files and folders.
func (w *wholeTree) deletePartly() {
	for i, path := range w.names(false) {
		if i%3 == 1 {
			w.must(os.Remove(path))
		}
	}
	for i, path := range w.names(true) {
		if i%9 == 1 {
			w.must(os.RemoveAll(path))
		}
	}
}

// exchangeKinds puts files in the place of folders, and folders with a file in the place of files.
func (w *wholeTree) exchangeKinds() {
	for i, path := range w.names(true) {
		if _, err := os.Lstat(path); err == nil && i%10 == 1 {
			w.must(os.RemoveAll(path))
			w.must(os.WriteFile(path, []byte("was a folder\n"), 0o644))
		}
	}
	for i, path := range w.names(false) {
		if i%25 == 1 {
			w.must(os.Remove(path))
			w.must(os.Mkdir(path, 0o755))
			w.must(os.WriteFile(path+"/in", []byte("was a file\n"), 0o644))
		}
	}
}

// moveBehindLinks moves folders and files to where nothing is watched and no hard link leads, and
// leaves links to them.
func (w *wholeTree) moveBehindLinks() {
	away := filepath.Dir(filepath.Dir(w.root)) + "/away"
	w.must(os.MkdirAll(away, 0o755))
	for i, path := range slices.Concat(w.names(true), w.names(false)) {
		if _, err := os.Lstat(path); err == nil && i%29 == 1 {
			to := fmt.Sprint(away, "/", i)
			w.must(os.RemoveAll(to))
			w.tool([]string{"cp", "-a", "-T", "--", path}, to)
			w.must(os.RemoveAll(path))
			w.must(os.Symlink(to, path))
		}
	}
}

// dropLists takes away all access lists and attributes.
func (w *wholeTree) dropLists() {
	w.sh(`setfacl -R -P -b "$1"; find "$1" -exec sh -c 'for f; do setfattr -h -x user.note "$f"; setfattr -h -x trusted.number "$f"; setcap -r "$f"; done 2>/dev/null; true' sh {} +`)
}

// cutLinks makes files of their own of all names of hard links.
func (w *wholeTree) cutLinks() {
	for _, path := range w.twins {
		w.tool([]string{"sh", "-ec", `x=${1%/*}/.x; cp -a -- "$1" "$x"; mv -T -- "$x" "$1"`, "sh"}, path)
	}
}

// joinFiles makes one file of several.
func (w *wholeTree) joinFiles() {
	for i := 0; i+60 < len(w.files); i += 60 {
		w.must(os.Remove(w.files[i+1]))
		w.must(os.Link(w.files[i], w.files[i+1]))
	}
}

// wholeRestore is a tree with a history, and a copy of the tree that nobody damages.
type wholeRestore struct {
	*testing.T
	tree                      *wholeTree
	bin, top, conf, dest, all string
	pristine                  string
}

// newWholeRestore makes a tree, and the first run of its history.
func newWholeRestore(t *testing.T, makeTree func(root string) *wholeTree) *wholeRestore {
	t.Helper()
	for _, tool := range []string{"rsync", "setfacl", "setcap", "setfattr"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatal(err)
		}
	}
	w := &wholeRestore{T: t, bin: buildBinary(t), top: t.TempDir()}
	for _, dir := range []string{filepath.Dir(w.top), w.top, filepath.Dir(filepath.Dir(w.bin)), filepath.Dir(w.bin)} {
		w.must(os.Chmod(dir, 0o711))
	}
	w.conf, w.dest, w.all, w.pristine = w.top+"/conf", w.top+"/dest", w.top+"/all", w.top+"/pristine"
	for _, dir := range []string{w.conf, w.dest, w.all} {
		w.must(os.Mkdir(dir, 0o755))
	}
	w.tree = makeTree(w.all + "/tree")
	write(t, w.all+"/beside", []byte("beside\n")) // so that an empty folder is no missing disk
	write(t, w.conf+"/config.dat", fmt.Appendf(nil, "default-exclusions: false\nwatch:\n- %s\n", w.all))
	if w.tree.user {
		for _, path := range []string{w.conf, w.conf + "/config.dat", w.dest, w.all, w.all + "/beside"} {
			w.must(os.Chown(path, nobody, nobody))
		}
	}
	w.copyTree(w.tree.root, w.pristine)
	if found := w.differences(w.tree.root); found != "" {
		t.Fatalf("cp -a does not copy all:\n%s", lastLines(found))
	}
	w.timemachine()
	return w
}

// copyTree copies a tree as cp does, in place of what was there.
func (w *wholeRestore) copyTree(from, to string) {
	w.Helper()
	w.must(os.RemoveAll(to))
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		w.Fatalf("%v %s", err, out)
	}
}

// timemachine runs the program, which must end well, and returns what it prints.
func (w *wholeRestore) timemachine(args ...string) string {
	w.Helper()
	return w.timemachineAt(w.dest, args...)
}

func (w *wholeRestore) timemachineAt(dest string, args ...string) string {
	w.Helper()
	cmd := exec.Command(w.bin, append([]string{"-cl", w.conf, "-d", dest}, args...)...)
	cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/bin:/bin", "HOME=" + w.top, "TZ=UTC"}
	if w.tree.user {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.Errorf("timemachine %s: %v\n%s", strings.Join(args, " "), err, lastLines(string(out)))
	}
	return string(out)
}

// lastLines is the end of a long output, with its long lines cut.
func lastLines(out string) string {
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	lines = slices.Clone(lines[max(0, len(lines)-12):])
	for i := range lines {
		lines[i] = lines[i][:min(len(lines[i]), 240)]
	}
	return strings.Join(lines, "\n")
}

// differences are rsync's lines about a tree that is not as the pristine one. A folder's mtime is
// not compared: each file that is made in it changes it.
func (w *wholeRestore) differences(tree string) string {
	w.Helper()
	args := []string{"-acAXHn", "--omit-dir-times", "--delete", "--itemize-changes"}
	if w.tree.user {
		args = append(args, "--no-owner", "--no-group")
	}
	var stderr bytes.Buffer
	cmd := exec.Command("rsync", append(args, w.pristine+"/", tree+"/")...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 23 { // below what was a folder
		out = append(out, stderr.Bytes()...)
	} else if err != nil {
		w.Fatalf("rsync: %v %s", err, &stderr)
	}
	if len(out) == 0 && w.linkCounts(tree) != w.linkCounts(w.pristine) {
		out = []byte("some file has more or fewer hard links\n")
	}
	return string(out)
}

// linkCounts lists how many names each file has, which rsync does not see where they are too many.
func (w *wholeRestore) linkCounts(tree string) string {
	w.Helper()
	out, err := exec.Command("sh", "-ec", `cd "$1"; find . ! -type d -printf '%n %p\0' | sort -z`, "sh", tree).Output()
	if err != nil {
		w.Fatal(err)
	}
	return string(out)
}

// mustBeWhole checks the tree, and puts it right for the next damage where it is not.
func (w *wholeRestore) mustBeWhole(what, said string) {
	w.Helper()
	found := w.differences(w.tree.root)
	if found == "" {
		return
	}
	w.Errorf("%s: the tree is not as it was: %d lines of rsync:\n%s\nrestore said:\n%s", what, strings.Count(found, "\n"), lastLines(found), lastLines(said))
	w.copyTree(w.pristine, w.tree.root)
	w.timemachine()
}

// damageAndRestore does one kind of damage and brings the tree back with one command.
func (w *wholeRestore) damageAndRestore(t *testing.T, d wholeDamage, recorded bool) {
	outer, tree := w.T, w.tree.T
	w.T, w.tree.T = t, t
	defer func() { w.T, w.tree.T = outer, tree }()
	d.do(w.tree)
	if _, err := os.Stat(w.tree.root); err == nil {
		if w.differences(w.tree.root) == "" {
			t.Fatal("nothing is damaged")
		}
		if w.tree.user { // the damage was done by root
			w.giveNew()
		}
	}
	command := d.command
	if recorded {
		w.timemachine()
		command = d.afterARun
	}
	said := w.timemachine(append([]string{"restore", w.tree.root}, strings.Fields(command)...)...)
	w.mustBeWhole("after restore "+command, said)
	if again := w.timemachine("restore", w.tree.root); !strings.Contains(again, "nothing to") {
		t.Errorf("a second restore says:\n%s", lastLines(again))
	}
	tip := strings.TrimSpace(w.git("-C", w.dest, "rev-parse", "main"))
	w.timemachine()
	if more := w.git("-C", w.dest, "log", "--format=%s", tip+"..main"); more != "" {
		t.Errorf("a run after the restore records:\n%s", lastLines(more))
	}
	w.mustBeWhole("in the end", "")
}

// giveNew gives what root has made to the user.
func (w *wholeRestore) giveNew() {
	w.Helper()
	if out, err := exec.Command("find", w.tree.root, w.all, "-user", "0", "-exec", "chown", "-h", fmt.Sprint(nobody, ":", nobody), "{}", "+").CombinedOutput(); err != nil {
		w.Fatalf("%v %s", err, out)
	}
}

// mustBeSound checks the history with git and verify, and that a clone brings the tree back
// elsewhere.
func (w *wholeRestore) mustBeSound() {
	w.Helper()
	if w.tree.user { // what comes back from a user's clone is never setuid: see docs/security.md
		for _, tree := range []string{w.tree.root, w.pristine} {
			w.tree.tool([]string{"find", tree, "-type", "f", "-perm", "/6000", "-exec", "chmod", "ug-s", "{}", "+"})
		}
		w.timemachine()
	}
	w.timemachine("verify")
	w.git("-C", w.dest, "fsck", "--strict", "--full")
	if out := w.git("-C", w.dest, "status", "--porcelain"); out != "" {
		w.Error(out)
	}
	clone := w.top + "/clone"
	defer os.RemoveAll(clone)
	w.must(os.Mkdir(clone, 0o700))
	if w.tree.user {
		w.must(os.Chown(clone, nobody, nobody))
	}
	w.git("clone", "-q", w.dest, clone)
	to := w.top + "/elsewhere"
	w.must(os.Mkdir(to, 0o777))
	w.must(os.Chmod(to, 0o777))
	said := w.timemachineAt(clone, "restore", w.tree.root, "--to", to+"/")
	if found := w.differences(to + w.tree.root); found != "" {
		w.Errorf("the clone does not bring the tree back: %d lines of rsync:\n%s\nrestore said:\n%s", strings.Count(found, "\n"), lastLines(found), lastLines(said))
	}
}

// git is run by the owner of the destination.
func (w *wholeRestore) git(args ...string) string {
	w.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1"}
	if w.tree.user {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.Output()
	if err != nil {
		w.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

func (w *wholeRestore) must(err error) {
	if err != nil {
		w.Helper()
		w.Fatal(err)
	}
}

// test does every damage, before or after a run has seen it, or both.
func (w *wholeRestore) test(t *testing.T) {
	for _, d := range wholeDamages {
		if d.rootAlone && w.tree.user {
			continue
		}
		one := rand.IntN(2) == 0
		for _, recorded := range []bool{false, true} {
			name := d.name
			if !wholeBoth && recorded != one {
				continue
			}
			if recorded && d.unseen && w.tree.user {
				continue
			}
			if recorded {
				name += ", after a run"
			}
			t.Run(name, func(t *testing.T) { w.damageAndRestore(t, d, recorded) })
		}
	}
	w.mustBeSound()
}

// TestWholeRestore damages a large tree in every way that people do, and brings it back with the
// one command that a newcomer types. rsync finds nothing that is not as it was.
func TestWholeRestore(t *testing.T) {
	t.Parallel()
	newWholeRestore(t, func(root string) *wholeTree { return makeWholeTree(t, root, 1, false) }).test(t)
}

// TestWholeRestoreOfUser is the same for a user without rights, who gets all back but owners.
func TestWholeRestoreOfUser(t *testing.T) {
	t.Parallel()
	newWholeRestore(t, func(root string) *wholeTree { return makeWholeTree(t, root, 2, true) }).test(t)
}
