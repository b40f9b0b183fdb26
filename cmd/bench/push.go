package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// The goals of pushes without git: ratios to git push, and the memory of the largest process. With
// git, timemachine asks the remote before and after, beside what git push does.
const (
	goalFirstPush  = 1.0
	goalLaterPush  = 1.5
	goalPushMemory = 64 << 20
)

// longHistory is the number of commits of a history for which these goals are.
const longHistory = 10_000

// pushed is a history that is pushed to remotes, by git and by timemachine.
type pushed struct {
	*bench
	*pushServers
	dest    *destination
	names   []string
	remotes int               // how many have been made
	models  map[string]string // remotes to copy, by what they hold
}

// contestantNames are the programs that push, in the order of [pushed.contestants].
var contestantNames = []string{"git push", "timemachine, with git", "timemachine, built in"}

// pushes compares pushes of a short and a long history over every transport.
func (b *bench) pushes() (err error) {
	s, err := b.startPushServers()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	for _, n := range []int{b.scaled(1000, 20), b.scaled(50_000, 100)} {
		p := &pushed{bench: b, pushServers: s, models: map[string]string{}}
		if err := p.record(n); err != nil {
			return err
		}
		for _, t := range s.transports() {
			if err := p.compareTransport(t, n); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
	}
	return nil
}

// record makes a history of n commits and ten more.
func (p *pushed) record(n int) (err error) {
	name := fmt.Sprint("src", n)
	if p.names, err = p.generate(p.path(name), n, 100, 1<<10); err != nil {
		return err
	}
	if p.dest, err = p.newDestination(fmt.Sprint("ours", n), p.path(name)); err != nil {
		return err
	}
	if err = p.letFilesAge(); err != nil {
		return err
	}
	if _, err = p.dest.run(); err != nil {
		return err
	}
	for i := range 10 {
		if err := p.edit(p.names[i*len(p.names)/10], i); err != nil {
			return err
		}
	}
	if _, err = p.dest.run(); err != nil {
		return err
	}
	return p.dest.checkWithGit(n + 10)
}

// newRemote makes a bare repository among those that the servers serve. It holds the history up to
// the commit that base names, "" for none: its packs are those of the first remote of that kind.
func (p *pushed) newRemote(base string) (string, error) {
	p.remotes++
	name := fmt.Sprintf("r%d-%d.git", len(p.names), p.remotes)
	dir := filepath.Join(p.root, name)
	if like := p.models[base]; like != "" {
		_, err := p.run(command{args: []string{"cp", "-al", like, dir}})
		return name, err
	}
	model := p.path(fmt.Sprintf("model%d-%d.git", len(p.names), len(p.models)))
	lists := [][]string{{"init", "-q", "--bare", "-b", "main", model}, {"-C", model, "config", "http.receivepack", "true"},
		{"-C", model, "config", "gc.auto", "0"}}
	if base != "" {
		lists = append(lists, []string{"push", "-q", model, base + ":refs/heads/main"})
	}
	if _, err := p.git(p.dest.dest, lists...); err != nil {
		return "", err
	}
	p.models[base] = model
	return p.newRemote(base)
}

// contestants are the programs, each pushing to a remote of its own.
func (p *pushed) contestants(t pushTransport, remotes []string) []func() (cost, error) {
	ours := func(with, remote string) (cost, error) {
		conf := fmt.Appendf(nil, "watch: [%q]\npush: {remote: %q, with: %s, timeout: 1h, private: yes}\n", p.path("src"), t.url(remote), with)
		if err := os.WriteFile(filepath.Join(p.dest.conf, "config.dat"), conf, 0o600); err != nil {
			return cost{}, err
		}
		return p.run(command{args: []string{p.binary, "-cl", p.dest.conf, "-d", p.dest.dest, "push"}})
	}
	return []func() (cost, error){
		func() (cost, error) {
			return p.run(command{dir: p.dest.dest, args: []string{"git", "push", "-q", t.url(remotes[0]), "main"}})
		},
		func() (cost, error) { return ours("git", remotes[1]) },
		func() (cost, error) { return ours("builtin", remotes[2]) },
	}
}

// compareTransport compares a first push, one of ten more commits, and one of nothing.
func (p *pushed) compareTransport(t pushTransport, n int) error {
	rounds := 3
	if n >= longHistory {
		rounds = 1
	}
	for _, c := range []struct {
		what, base string
		rounds     int
		goal       float64
		memory     bool
	}{
		{"first push", "", p.roundCount(rounds), goalFirstPush, false},
		{"10 more", "main~10", p.roundCount(3), goalLaterPush, true},
		{"nothing to do", "main", p.roundCount(5), 0, false},
	} {
		work := fmt.Sprintf("%s, %d commits, %s", c.what, n, t.name)
		fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format(time.TimeOnly), work)
		costs := make([][]cost, len(contestantNames))
		for round := range c.rounds {
			if err := p.pushRound(t, c.base, round, costs); err != nil {
				return err
			}
		}
		for i, goal := range []float64{1: 0, 2: c.goal} {
			if i == 0 {
				continue
			}
			if n < longHistory {
				goal = 0
			}
			p.compare(work+", "+contestantNames[i], contestantNames[0], elapsedPairs(costs[i], costs[0]), seconds, goal)
			peak := peakOf(costs[i])
			if c.memory && n >= longHistory && i == 2 {
				p.limit(work+", built in: peak RSS", peak, goalPushMemory, mebibytes, false)
			} else {
				p.add(row{work: work + ", " + contestantNames[i] + ": peak RSS", ours: mebibytes(peak), peer: contestantNames[0], theirs: mebibytes(peakOf(costs[0])), goal: "-", verdict: "-"})
			}
		}
	}
	return nil
}

// pushRound lets each program push once to a remote of its own, and appends what that cost. Git
// checks the remotes of the first round.
func (p *pushed) pushRound(t pushTransport, base string, round int, costs [][]cost) (err error) {
	remotes := make([]string, len(contestantNames))
	for i := range remotes {
		if remotes[i], err = p.newRemote(base); err != nil {
			return err
		}
	}
	contestants := p.contestants(t, remotes)
	for turn := range contestants {
		i := (round + turn) % len(contestants)
		p.syncDisks()
		c, err := contestants[i]()
		if err != nil {
			return err
		}
		costs[i] = append(costs[i], c)
	}
	if round > 0 {
		return nil
	}
	return p.checkRemotes(remotes)
}

// peakOf is the largest memory of the costs.
func peakOf(costs []cost) float64 {
	var peak int64
	for _, c := range costs {
		peak = max(peak, c.rss)
	}
	return float64(peak)
}

// checkRemotes checks that every remote has the tip, and lets git check its objects.
func (p *pushed) checkRemotes(names []string) error {
	tip, err := p.output(p.dest.dest, "rev-parse", "main")
	if err != nil {
		return err
	}
	for _, name := range names {
		dir := filepath.Join(p.root, name)
		got, err := p.output(dir, "rev-parse", "refs/heads/main")
		if err == nil && got != tip {
			err = fmt.Errorf("%s has %s, want %s", name, got, tip)
		}
		if err == nil {
			_, err = p.output(dir, "fsck", "--full", "--strict", "--no-dangling", "--no-progress")
		}
		if err != nil {
			return err
		}
		p.checkedRepos++
	}
	return nil
}
