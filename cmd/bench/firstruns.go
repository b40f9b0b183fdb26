package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The goals of a first run, as ratios.
const (
	goalFastImport = 0.35
	goalOneCommit  = 0.65
	goalOneOfMany  = 0.9
	goalOneFolder  = 1.5
	goalFirstRSS   = 128 << 20
)

// goSource is the folder with the source of Go's standard library.
func goSource() (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	return filepath.Join(strings.TrimSpace(string(root)), "src"), err
}

func (b *bench) firstGo() error {
	source, err := goSource()
	if err != nil {
		return err
	}
	names, err := b.copyTree(source, b.path("src"))
	if err != nil {
		return err
	}
	if b.size < 1 { // the files beyond the share asked for
		for _, name := range names[b.scaled(len(names), 1):] {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
		names = names[:b.scaled(len(names), 1)]
	}
	_, err = b.compareFirstRuns("first run, Go's tree", len(names), goalOneCommit)
	return err
}

func (b *bench) firstMany() error {
	n := b.scaled(100_000, 100)
	if _, err := b.generate(b.path("src"), n, 100, 1<<10); err != nil {
		return err
	}
	rss, err := b.compareFirstRuns("first run, 100k files", n, goalOneOfMany)
	b.limit("first run, 100k files: peak RSS", rss, goalFirstRSS, mebibytes, false)
	return err
}

func (b *bench) firstFolder() error {
	n := b.scaled(10_000, 100)
	if _, err := b.generate(b.path("src"), n, n, 1<<10); err != nil {
		return err
	}
	_, err := b.compareFirstRuns("first run, one folder of 10k", n, goalOneFolder)
	return err
}

// compareFirstRuns compares first runs over the source tree of n files. It returns the median of
// timemachine's peak memory in bytes.
func (b *bench) compareFirstRuns(work string, n int, oneCommit float64) (float64, error) {
	source := b.path("src")
	if err := b.letFilesAge(); err != nil {
		return 0, err
	}
	var last *destination
	contestants := []func() (cost, error){
		func() (c cost, err error) {
			if last, err = b.newDestination(fmt.Sprint("ours", b.destinations), source); err == nil {
				b.syncDisks()
				c, err = last.run()
			}
			return c, err
		},
		func() (cost, error) { return b.fastImport(fmt.Sprint("fast-import", b.destinations), source) },
		func() (cost, error) {
			p, err := b.gitPeer(fmt.Sprint("git", b.destinations), source)
			if err != nil {
				return cost{}, err
			}
			b.syncDisks()
			return p.commitAll()
		},
		func() (cost, error) { // as large as ours, which is the first of all
			if last == nil {
				return cost{}, errors.New("no run came before")
			}
			dest := b.path(fmt.Sprint("alone", b.destinations))
			b.syncDisks()
			return b.systemCalls(source, dest, sizeBelow(last.git(), isPack), sizeOf(filepath.Join(last.git(), "index")))
		},
	}
	costs, err := b.contest(b.roundCount(3), contestants)
	if err != nil {
		return 0, err
	}
	b.compare(work, "git fast-import, a commit a file", elapsedPairs(costs[0], costs[1]), seconds, goalFastImport)
	b.compare(work, "git add -A + commit, one commit", elapsedPairs(costs[0], costs[2]), seconds, oneCommit)
	b.compare("its system calls alone", "git add -A + commit, one commit", elapsedPairs(costs[3], costs[2]), seconds, oneCommit)
	var rss []float64
	for _, c := range costs[0] {
		rss = append(rss, float64(c.rss))
	}
	return median(rss), last.checkWithGit(n)
}

// contest runs each contestant once in every round; each round begins with another one. It returns
// the costs by contestant and round.
func (b *bench) contest(rounds int, contestants []func() (cost, error)) ([][]cost, error) {
	costs := make([][]cost, len(contestants))
	for round := range rounds {
		for turn := range contestants {
			i := (round + turn) % len(contestants)
			c, err := contestants[i]()
			if err != nil {
				return nil, err
			}
			costs[i] = append(costs[i], c)
		}
	}
	return costs, nil
}

func elapsedPairs(ours, theirs []cost) []pair {
	var pairs []pair
	for i := range ours {
		pairs = append(pairs, pair{ours[i].elapsed.Seconds(), theirs[i].elapsed.Seconds()})
	}
	return pairs
}
