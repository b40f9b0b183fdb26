package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// bench is one execution: where it works, with what, and what it found.
type bench struct {
	*options
	ctx         context.Context
	dir         string // ours alone, removed at the end
	self        string
	environment []string
	rows        []row
	made        int       // destinations of ours so far
	checked     int       // repositories looked at by git
	moment      time.Time // the mtime given last
}

// theCase is a comparison or several that share their trees.
type theCase struct {
	name, what string
	run        func(b *bench) error
}

var cases = []theCase{
	{"first-go", "the first run of Go's source tree", (*bench).firstGo},
	{"first-many", "the first run of 100,000 files in 1,000 folders", (*bench).firstMany},
	{"first-folder", "the first run of 10,000 files in one folder", (*bench).firstFolder},
	{"later", "runs over 100,000 files with one, 1,000 and none changed", (*bench).later},
	{"large", "a file of 1 GiB", (*bench).large},
	{"packed", "700 runs with 3 edits each, against git gc", (*bench).packed},
	{"edits", "1,000 small edits of a file of 200 KB", (*bench).edits},
	{"log", "200 times 50 KB appended to a log of 20 MB", (*bench).growingLog},
	{"runs", "10,000 runs", (*bench).manyRuns},
}

func caseNames() []string {
	var names []string
	for _, c := range cases {
		names = append(names, c.name)
	}
	return names
}

// choose finds the cases by their names; all where none is named.
func choose(names string) ([]theCase, error) {
	if names == "" {
		return cases, nil
	}
	var chosen []theCase
	for name := range strings.SplitSeq(names, ",") {
		found := len(chosen)
		for _, c := range cases {
			if c.name == name {
				chosen = append(chosen, c)
			}
		}
		if len(chosen) == found {
			return nil, fmt.Errorf("no case %q: there are %s", name, strings.Join(caseNames(), ", "))
		}
	}
	return chosen, nil
}

func newBench(ctx context.Context, o *options, dir string) (*bench, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	b := &bench{options: o, ctx: ctx, dir: dir, self: self, moment: time.Now().AddDate(-1, 0, 0)}
	b.environment = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LC_ALL=C.UTF-8", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_AUTHOR_NAME=peer", "GIT_AUTHOR_EMAIL=peer@example.org",
		"GIT_COMMITTER_NAME=peer", "GIT_COMMITTER_EMAIL=peer@example.org", "RESTIC_PASSWORD=bench",
		"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes"}
	return b, nil
}

// perform runs one case in a folder of its own. It is removed with all others at the end: ext4 passes over the inodes of
// files that went in the last seconds, one by one, and whoever creates the next would pay for it.
func (b *bench) perform(c theCase) error {
	fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format(time.TimeOnly), c.what)
	outer := b.dir
	b.dir = filepath.Join(outer, c.name)
	defer func() { b.dir = outer }()
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		return err
	}
	return c.run(b)
}

func (b *bench) path(names ...string) string {
	return filepath.Join(append([]string{b.dir}, names...)...)
}

// scaled is n at this execution's size, at least least.
func (b *bench) scaled(n, least int) int { return max(int(float64(n)*b.size), least) }

// times is how many rounds a comparison has that would have n.
func (b *bench) times(n int) int {
	if b.rounds > 0 {
		return b.rounds
	}
	return n
}

func (b *bench) has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// doubt is how old a file must be for its state alone to say that nothing changed; a little more than our own window.
const doubt = 2100 * time.Millisecond

// settle waits until what was just written is beyond doubt, and writes all that is dirty to disk.
func (b *bench) settle() error {
	b.flush()
	select {
	case <-time.After(doubt):
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

func (b *bench) flush() { unix.Sync() }
