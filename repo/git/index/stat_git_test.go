package index

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStatDebug reads back what git makes of stat data outside 32 bits.
func TestStatDebug(t *testing.T) {
	r := newGitRepo(t)
	index, err := Merge(nil, []Change{{
		Path: "a", Mode: 0100644, ID: r.blob("a"),
		Stat: Stat{
			CtimeSec: 1<<32 + 5, CtimeNsec: 6, MtimeSec: -1, MtimeNsec: 999_999_999,
			Dev: 1<<40 + 7, Ino: 1<<63 + 8, UID: 1<<32 - 2, GID: 9, Size: 5<<30 + 10,
		},
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.writeIndex(index)
	got := r.git("ls-files", "--debug")
	for _, want := range []string{
		"ctime: 5:6\n", "mtime: 4294967295:999999999\n", "dev: 7\tino: 8\n", "uid: 4294967294\tgid: 9\n",
		"size: 1073741834\tflags: 0\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestStatusTrustsStat: with the stat data of the file git takes it for unchanged unread. The blob
// named is another one, so a git that read the file would say so.
func TestStatusTrustsStat(t *testing.T) {
	r := newGitRepo(t)
	r.git("config", "core.trustctime", "false")
	for _, mtime := range []time.Time{time.Unix(1e9, 7), time.Unix(1<<32+100, 9)} {
		stat := r.workFile("f", "on disk", mtime)
		index, err := Merge(nil, []Change{{Path: "f", Mode: 0100644, ID: r.blob("another"), Stat: stat}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.writeIndex(index)
		if got := r.git("diff-files"); got != "" {
			t.Errorf("mtime %v: git sees %s%s", mtime, got, r.git("ls-files", "--debug"))
		}
	}
}

// TestStatusClean merges the files of a work tree and asks git for differences.
func TestStatusClean(t *testing.T) {
	r := newGitRepo(t)
	r.git("config", "core.trustctime", "false")
	var changes []Change
	for i, mtime := range []time.Time{time.Now(), time.Unix(-86400, 5), time.Unix(0, 0), time.Unix(1<<32+100, 9)} {
		name, content := fmt.Sprintf("f%d", i), fmt.Sprint("content ", i)
		stat := r.workFile(name, content, mtime)
		changes = append(changes, Change{Path: name, Mode: 0100644, ID: r.blob(content), Stat: stat})
	}
	index, err := Merge(nil, changes, r.committed(changes))
	if err != nil {
		t.Fatal(err)
	}
	r.writeIndex(index)
	r.commit()
	if got := r.git("status", "--porcelain"); got != "" {
		t.Errorf("git status says\n%s", got)
	}
}

// workFile writes a file into the work tree and tells what Change needs to know of it.
func (r *gitRepo) workFile(name, content string, mtime time.Time) Stat {
	r.t.Helper()
	name = filepath.Join(r.dir, name)
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Chtimes(name, mtime, mtime); err != nil {
		r.t.Fatal(err)
	}
	info, err := os.Lstat(name)
	if err != nil {
		r.t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	return Stat{
		MtimeSec: info.ModTime().Unix(), MtimeNsec: uint32(info.ModTime().Nanosecond()),
		Dev: uint64(st.Dev), Ino: st.Ino, UID: st.Uid, GID: st.Gid, Size: info.Size(),
	}
}
