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

// bench is one execution: its settings, where it works, and the rows found so far.
type bench struct {
	*options
	ctx          context.Context
	dir          string // made by bench, removed at the end
	program      string
	environment  []string
	rows         []row
	destinations int       // how many have been made
	checkedRepos int       // repositories that git has checked
	lastMtime    time.Time // the mtime given last
}

// benchCase is one comparison, or several that share their trees.
type benchCase struct {
	name, what string
	run        func(b *bench) error
}

var cases = []benchCase{
	{"first-go", "the first run of Go's source tree", (*bench).firstGo},
	{"first-many", "the first run of 100,000 files in 1,000 folders", (*bench).firstMany},
	{"first-folder", "the first run of 10,000 files in one folder", (*bench).firstFolder},
	{"later", "runs over 100,000 files with one, 1,000 and none changed", (*bench).later},
	{"large", "a file of 1 GiB", (*bench).large},
	{"packed", "700 runs with 3 edits each, against git gc", (*bench).packed},
	{"edits", "1,000 small edits of a file of 200 KB", (*bench).edits},
	{"log", "200 times 50 KB appended to a log of 20 MB", (*bench).growingLog},
	{"runs", "10,000 runs", (*bench).manyRuns},
	{"years", "20,000 runs over 1,500 files and a growing log, against git gc", (*bench).years},
	{"year", "a simulated year: 525,600 runs over configurations, notes and a log", (*bench).year},
	{"watch", "a watch over 100,000 files: at rest, single saves, a burst of 10,000", (*bench).watching},
	{"push", "pushes of 1,000 and 50,000 commits over file, git://, http and ssh", (*bench).pushes},
	{"fleet", "200 hosts that push to one repository at once", (*bench).fleetPushes},
}

func caseNames() []string {
	var names []string
	for _, c := range cases {
		names = append(names, c.name)
	}
	return names
}

// chosenCases returns the cases with the given names, separated by commas; all cases for "".
func chosenCases(names string) ([]benchCase, error) {
	if names == "" {
		return cases, nil
	}
	var chosen []benchCase
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
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	b := &bench{options: o, ctx: ctx, dir: dir, program: program, lastMtime: time.Now().AddDate(-1, 0, 0)}
	b.environment = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LC_ALL=C.UTF-8", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_AUTHOR_NAME=peer", "GIT_AUTHOR_EMAIL=peer@example.org",
		"GIT_COMMITTER_NAME=peer", "GIT_COMMITTER_EMAIL=peer@example.org", "RESTIC_PASSWORD=bench",
		"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes"}
	return b, nil
}

// runCase runs one case in a folder of its own. All folders are removed together at the end. ext4
// passes over the inodes of recently removed files one by one, so the next program to create files
// would pay for an earlier removal.
func (b *bench) runCase(c benchCase) error {
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

// scaled is n at the size of this execution, and never below least.
func (b *bench) scaled(n, least int) int { return max(int(float64(n)*b.size), least) }

// roundCount is the number of rounds of a comparison: the one from the command line, else n.
func (b *bench) roundCount(n int) int {
	if b.rounds > 0 {
		return b.rounds
	}
	return n
}

func (b *bench) isInstalled(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// settledAge is the age from which a file's state alone tells that nothing changed. It is a little
// more than the window in which timemachine reads a file again.
const settledAge = 2100 * time.Millisecond

// letFilesAge writes all dirty pages to disk and waits until the files just written are old enough.
func (b *bench) letFilesAge() error {
	b.syncDisks()
	select {
	case <-time.After(settledAge):
		return nil
	case <-b.ctx.Done():
		return b.ctx.Err()
	}
}

func (b *bench) syncDisks() { unix.Sync() }
