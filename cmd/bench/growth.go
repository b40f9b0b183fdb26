package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The goals for the size of one file's history, in bytes.
const (
	goalEditPacks = 1.3e6
	goalEditOther = 1e6
	goalLogPeak   = 60e6
	goalLogEnd    = 20e6
)

// slowRounds is the number of rounds for peers that take a second for each. They are compared with
// timemachine's size at that round.
const slowRounds = 100

// growth is the history of one file that changes every round, as timemachine and the peers keep it.
type growth struct {
	*bench
	file   string
	change func(round int) error
	dest   *destination
	sizes  []float64 // of our .git after each round
	peak   int64     // of our .git, also during runs
}

func (b *bench) measureGrowth(file string, body []byte, rounds int, change func(g *growth, round int) error) (*growth, error) {
	source := b.path("src")
	g := &growth{bench: b, file: filepath.Join(source, file)}
	g.change = func(round int) error { return change(g, round) }
	if err := os.Mkdir(source, 0o755); err != nil {
		return nil, err
	}
	if err := b.write(g.file, body); err != nil {
		return nil, err
	}
	var err error
	if g.dest, err = b.newDestination("ours", source); err != nil {
		return nil, err
	}
	if err := g.runRounds(rounds, source); err != nil {
		return nil, err
	}
	return g, g.dest.checkWithGit(rounds)
}

// runRounds lets all programs keep each state of the file, and adds the rows that compare their
// sizes.
func (g *growth) runRounds(n int, source string) error {
	git, err := g.gitPeer("git", source)
	if err != nil {
		return err
	}
	slow := g.installedBackups(source)
	for _, p := range slow {
		if _, err := g.run(command{dir: g.dir, args: p.init}); err != nil {
			return err
		}
	}
	short := min(n, slowRounds)
	sizes := map[string]float64{}
	for round := range n {
		if err := g.runRound(round, git); err != nil {
			return err
		}
		if round >= short {
			continue
		}
		for _, p := range slow {
			if _, err := g.run(command{dir: g.dir, args: p.save}); err != nil {
				return err
			}
			sizes[p.name] = float64(sizeBelow(p.dir, nil))
		}
	}
	g.compareSizes(n, "git, loose objects", float64(sizeBelow(git.dir, nil)))
	for _, p := range slow {
		g.compareSizes(short, p.name, sizes[p.name])
	}
	return nil
}

func (g *growth) runRound(round int, git *gitPeer) error {
	if round > 0 {
		if err := g.change(round); err != nil {
			return err
		}
	}
	stop := g.watchPeak()
	_, err := g.dest.run()
	stop()
	g.sizes = append(g.sizes, float64(sizeBelow(g.dest.git(), nil)))
	if err == nil {
		_, err = git.commitOne(g.file)
	}
	return err
}

// watchPeak measures the size of timemachine's .git again and again until it is stopped.
func (g *growth) watchPeak() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for last := false; !last; {
			select {
			case <-end:
				last = true
			case <-time.After(5 * time.Millisecond):
			}
			g.peak = max(g.peak, sizeBelow(g.dest.git(), nil))
		}
	}()
	return func() { close(end); <-ended }
}

func (g *growth) compareSizes(rounds int, peer string, size float64) {
	g.compare(fmt.Sprintf(".git after %d rounds, %s", rounds, filepath.Base(g.file)), peer, []pair{{g.sizes[rounds-1], size}}, megabytes, 0)
}

func (b *bench) edits() error {
	rounds := b.scaled(1000, 20)
	g, err := b.measureGrowth("notes.txt", text(3, 200_000), rounds, func(g *growth, round int) error { return b.edit(g.file, round) })
	if err != nil {
		return err
	}
	packed := func(path string) bool { return strings.HasSuffix(path, ".pack") || strings.HasSuffix(path, ".idx") }
	b.limit("small edits: packs and idx", float64(sizeBelow(g.dest.git(), packed)), goalEditPacks, megabytes, false)
	other := sizeBelow(g.dest.git(), func(path string) bool { return !packed(path) })
	b.limit("small edits: all else in .git", float64(other), goalEditOther, megabytes, false)
	return nil
}

func (b *bench) growingLog() error {
	lines := func(round, n int) []byte {
		var log []byte
		for i := 0; len(log) < n; i++ {
			log = append(log, time.Unix(int64(1_700_000_000+round*1000+i), 0).UTC().Format(time.RFC3339)...)
			log = append(log, text(uint64(round)<<32|uint64(i), 90)...)
		}
		return log[:n]
	}
	rounds := b.scaled(200, 20)
	g, err := b.measureGrowth("server.log", lines(0, b.scaled(20_000_000, 1_000_000)), rounds, func(g *growth, round int) error {
		f, err := os.OpenFile(g.file, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.Write(lines(round, 50_000)); err != nil {
			return err
		}
		t := b.nextMtime()
		return os.Chtimes(g.file, t, t)
	})
	if err != nil {
		return err
	}
	b.limit("growing log: peak of .git", float64(g.peak), goalLogPeak, megabytes, false)
	b.limit("growing log: .git at the end", g.sizes[rounds-1], goalLogEnd, megabytes, false)
	return nil
}
