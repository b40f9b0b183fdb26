//go:build system && linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// wholeTree is a tree with everything that a restore has to bring back. A seed always makes the
// same one.
type wholeTree struct {
	*testing.T
	r       *rand.Rand
	root    string
	user    bool     // all that a user without rights can read, and mostly owns
	folders []string // each after the one that it lies in
	full    []string // folders that get files: the others stay empty
	files   []string // regular files, by their first name
	links   []string // symbolic links
	twins   []string // second names of hard links
	used    map[string]bool
}

// makeWholeTree makes the tree. The folder root must not exist.
func makeWholeTree(t *testing.T, root string, seed uint64, user bool) *wholeTree {
	t.Helper()
	w := &wholeTree{T: t, r: rand.New(rand.NewPCG(seed, 0x74726565)), root: root, user: user, used: map[string]bool{}}
	w.must(os.Mkdir(root, 0o755))
	w.folders = []string{root}
	for range wholeFolders - 1 {
		in := w.folders[w.r.IntN(len(w.folders))]
		for strings.Count(in[len(root):], "/") > 4 {
			in = filepath.Dir(in)
		}
		w.folders = append(w.folders, w.newName(in))
		w.must(os.Mkdir(w.folders[len(w.folders)-1], 0o755))
	}
	for _, dir := range w.folders {
		if w.r.IntN(6) > 0 || dir == root {
			w.full = append(w.full, dir)
		}
	}
	for range wholeFiles {
		w.addFile()
	}
	w.setOwners()
	w.setModes()
	w.setAttributes()
	w.setTimes()
	return w
}

func (w *wholeTree) must(err error) {
	if err != nil {
		w.Helper()
		w.Fatal(err)
	}
}

// tool runs a program with paths as its last arguments.
func (w *wholeTree) tool(args []string, paths ...string) {
	w.Helper()
	if out, err := exec.Command(args[0], slices.Concat(args[1:], paths)...).CombinedOutput(); err != nil {
		w.Fatalf("%s: %v %s", args[0], err, out)
	}
}

// newName is a path for something new in a folder.
func (w *wholeTree) newName(in string) string {
	for {
		n := w.r.IntN(10000)
		name := []string{
			fmt.Sprint("file", n), fmt.Sprintf("%d.conf", n), fmt.Sprint("plain-", n), fmt.Sprint("new\nline", n),
			fmt.Sprintf("it's \"%d\"", n), "caf\u00e9" + fmt.Sprint(n%3), "cafe\u0301" + fmt.Sprint(n%3), fmt.Sprint("-rf ", n),
			fmt.Sprintf("%0255d", n), fmt.Sprint("\xff\xfe", n), fmt.Sprint(" space ", n, " "), fmt.Sprintf("back\\slash%d\t", n),
			fmt.Sprintf("%%2E%d", n), fmt.Sprint("UPPER", n%50), fmt.Sprint("upper", n%50),
			[]string{".gitattributes", ".gitignore", "HEAD", ".hidden", "#x#", "*", "$(x)", "core"}[n%8],
		}[min(w.r.IntN(22), w.r.IntN(16))]
		if path := in + "/" + name; !w.used[path] {
			w.used[path] = true
			return path
		}
	}
}

// addFile adds a file, a symbolic link or another name of a file.
func (w *wholeTree) addFile() {
	path := w.newName(w.full[w.r.IntN(len(w.full))])
	switch n := w.r.IntN(20); {
	case n < 2 && len(w.files) > 0:
		other := w.files[w.r.IntN(len(w.files))]
		for w.user && w.isOthers(other) { // only its owner can give it another name
			other = w.files[w.r.IntN(len(w.files))]
		}
		if n == 0 && len(w.links) > 0 && w.r.IntN(8) == 0 {
			other = w.links[w.r.IntN(len(w.links))]
		}
		w.must(os.Link(other, path))
		w.twins = append(w.twins, path)
	case n < 4:
		target := []string{"nowhere", "../" + filepath.Base(path), w.folders[w.r.IntN(len(w.folders))], ".", "/etc/hosts", strings.Repeat("long/", 300) + "x"}[w.r.IntN(6)]
		w.must(os.Symlink(target, path))
		w.links = append(w.links, path)
	default:
		w.must(os.WriteFile(path, w.content(), 0o644))
		w.files = append(w.files, path)
	}
}

func (w *wholeTree) content() []byte {
	switch w.r.IntN(12) {
	case 0:
		return nil
	case 1:
		return []byte("the same everywhere\n")
	case 2:
		b := make([]byte, w.r.IntN(200_000))
		rand.NewChaCha8([32]byte{byte(w.r.Uint32()), byte(w.r.Uint32())}).Read(b)
		return b
	}
	return []byte(strings.Repeat(fmt.Sprintf("line of %d\n", w.r.IntN(1<<30)), 1+w.r.IntN(400)))
}

// setOwners gives things away: of a user's tree only some files, which the user may read.
func (w *wholeTree) setOwners() {
	ids := []int{0, 0, 0, 1, 33, nobody, 54321}
	for _, path := range slices.Concat(w.folders, w.files, w.links) {
		uid, gid := ids[w.r.IntN(len(ids))], ids[w.r.IntN(len(ids))]
		if w.user && !w.isOthers(path) {
			uid, gid = nobody, nobody
		}
		w.must(os.Lchown(path, uid, gid))
	}
}

// isOthers tells whether a path of a user's tree belongs to others.
func (w *wholeTree) isOthers(path string) bool {
	i := slices.Index(w.files, path)
	return i >= 0 && i%20 == 7
}

// setModes sets all kinds of modes; where a user must read the tree, such that let the user.
func (w *wholeTree) setModes() {
	files := []uint32{0o644, 0o644, 0o600, 0o755, 0o444, 0o555, 0o4755, 0o2755, 0o6711, 0o1644, 0o640, 0o777, 0o400}
	folders := []uint32{0o755, 0o755, 0o700, 0o555, 0o1777, 0o2775, 0o711, 0o750, 0o500}
	if !w.user {
		files, folders = append(files, 0, 0o111, 0o4000), append(folders, 0, 0o111, 0o7000)
	}
	for _, path := range w.files {
		mode := files[w.r.IntN(len(files))]
		if w.user && w.isOthers(path) {
			mode = 0o644
		}
		w.must(unix.Chmod(path, mode))
	}
	for _, path := range w.folders[1:] {
		w.must(unix.Chmod(path, folders[w.r.IntN(len(folders))]))
	}
	w.must(unix.Chmod(w.root, 0o750))
}

// setAttributes sets attributes, access lists and capabilities.
func (w *wholeTree) setAttributes() {
	some := func(all []string, of int) (picked []string) {
		for i, path := range all {
			if (i+of)%of == 0 && !(w.user && w.isOthers(path)) {
				picked = append(picked, path)
			}
		}
		return picked
	}
	set := func(path, name, value string) { w.must(unix.Lsetxattr(path, name, []byte(value), 0)) }
	for _, path := range slices.Concat(some(w.files, 7), some(w.folders, 5)) {
		set(path, "user.note", "a note\x00 with\nbytes \xff"+filepath.Base(path))
		set(path, "user.empty", "")
	}
	for _, path := range some(w.files, 401) {
		err := unix.Lsetxattr(path, "user.large", []byte(strings.Repeat("0123456789", 600)), 0)
		if errors.Is(err, unix.ENOSPC) {
			w.Log("NOT TESTED: LARGE ATTRIBUTES: NO ROOM FOR THEM HERE")
			break
		}
		w.must(err)
	}
	w.tool([]string{"setfacl", "-m", "u:1:rwx,g:54321:r-x,m:rwx", "--"}, some(w.files, 11)...)
	w.tool([]string{"setfacl", "-m", "u:33:---,o:---", "--"}, some(w.files, 29)...)
	w.tool([]string{"setfacl", "-m", "g:33:r-x", "--"}, some(w.folders, 6)...)
	w.tool([]string{"setfacl", "-d", "-m", "u:1:rwx,g::r-x,o::---", "--"}, some(w.folders, 4)...)
	if w.user {
		return
	}
	for i, path := range slices.Concat(some(w.files, 31), some(w.folders, 23), some(w.links, 9)) {
		set(path, "trusted.number", fmt.Sprint(i))
	}
	for _, path := range some(w.files, 17) {
		w.tool([]string{"setcap", "cap_net_bind_service,cap_net_raw=+ep"}, path)
	}
}

// setTimes sets all kinds of mtimes.
func (w *wholeTree) setTimes() {
	for i, path := range slices.Concat(w.files, w.links) {
		at := time.Date(2010+i%16, 3, 1+i%28, 12, i%60, 0, w.r.IntN(1e9), time.UTC)
		switch i % 25 {
		case 3:
			at = at.Truncate(time.Second)
		case 8:
			at = at.AddDate(-50, 0, 0)
		case 9:
			at = at.AddDate(30, 0, 0)
		}
		ts := unix.NsecToTimespec(at.UnixNano())
		w.must(unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW))
	}
}

// names lists all files and links of the tree as it is now, or the folders below its root.
func (w *wholeTree) names(folders bool) (all []string) {
	w.Helper()
	w.must(filepath.WalkDir(w.root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() == folders && path != w.root {
			all = append(all, path)
		}
		return err
	}))
	return all
}
