package main

import "path/filepath"

// The goals of later runs, as ratios.
const (
	goalBeyondIdle = 0.15
	goalWhole      = 0.5
	goalThousand   = 0.4
	goalStatus     = 0.6
	goalFind       = 1

	goalThousandRSS = 96 << 20
)

// largeHistory is a history of many files, kept by timemachine and by git.
type largeHistory struct {
	*bench
	source  string
	names   []string
	dest    *destination
	peer    *gitPeer
	commits int // that timemachine must have
	edits   int
}

func (b *bench) later() error {
	s := &largeHistory{bench: b, source: b.path("src")}
	var err error
	if s.names, err = b.generate(s.source, b.scaled(100_000, 1000), 100, 1<<10); err != nil {
		return err
	}
	if s.dest, err = b.newDestination("ours", s.source); err != nil {
		return err
	}
	if s.peer, err = b.gitPeer("git", s.source); err != nil {
		return err
	}
	if err = b.letFilesAge(); err != nil {
		return err
	}
	if _, err = s.dest.run(); err != nil {
		return err
	}
	if _, err = s.peer.commitAll(); err != nil {
		return err
	}
	if _, err = s.alone(0, nil); err != nil { // later ones find their folders
		return err
	}
	s.commits = len(s.names)
	for _, part := range []func() error{s.idle, s.one, s.thousand} {
		if err := part(); err != nil {
			return err
		}
	}
	return s.dest.checkWithGit(s.commits)
}

// change edits n files and waits until they are old enough. The files lie far from each other and
// differ from those of the last call.
func (s *largeHistory) change(n int) ([]string, error) {
	var changed []string
	step := len(s.names) / n
	for i := range n {
		s.edits++
		name := s.names[(i*step+s.edits*7)%len(s.names)]
		if err := s.edit(name, s.edits); err != nil {
			return nil, err
		}
		changed = append(changed, name)
	}
	s.commits += n
	return changed, s.letFilesAge()
}

// idle compares runs over unchanged files.
func (s *largeHistory) idle() error {
	if err := s.letFilesAge(); err != nil {
		return err
	}
	contestants := []func() (cost, error){
		s.dest.run,
		func() (cost, error) { return s.peer.run([]string{"status", "--porcelain"}) },
		func() (cost, error) {
			return s.run(command{args: []string{"find", s.source, "-printf", `%T@ %p\n`}})
		},
		func() (cost, error) { return s.systemCalls(s.source, "", 0, 0) },
	}
	if _, err := s.contest(1, contestants); err != nil { // warm, and git's index refreshed
		return err
	}
	costs, err := s.contest(s.roundCount(15), contestants)
	if err != nil {
		return err
	}
	s.compare("nothing changed, 100k files", "git status", elapsedPairs(costs[0], costs[1]), seconds, goalStatus)
	s.compare("nothing changed, 100k files", "find -printf", elapsedPairs(costs[0], costs[2]), seconds, goalFind)
	s.compare("its system calls alone", "git status", elapsedPairs(costs[3], costs[1]), seconds, goalStatus)
	return nil
}

// one compares runs over one changed file. The time beyond an idle run stands against git that is
// told the file; the whole run stands against git that looks for it.
func (s *largeHistory) one() error {
	var beyond, whole, alone []pair
	for range s.roundCount(9) {
		changed, err := s.change(1)
		if err != nil {
			return err
		}
		idle, run, err := s.runAndIdle()
		if err != nil {
			return err
		}
		told, err := s.peer.commitOne(changed[0])
		if err != nil {
			return err
		}
		beyond = append(beyond, pair{(run.elapsed - idle.elapsed).Seconds(), told.elapsed.Seconds()})
		if changed, err = s.change(1); err != nil {
			return err
		}
		costs, err := s.contest(1, []func() (cost, error){s.peer.commitAll, s.dest.run, func() (cost, error) { return s.alone(2<<10, changed) }})
		if err != nil {
			return err
		}
		whole = append(whole, pair{costs[1][0].elapsed.Seconds(), costs[0][0].elapsed.Seconds()})
		alone = append(alone, pair{costs[2][0].elapsed.Seconds(), costs[0][0].elapsed.Seconds()})
	}
	s.compare("one changed in 100k, beyond an idle run", "git add FILE + commit", beyond, seconds, goalBeyondIdle)
	s.compare("one changed in 100k, whole run", "git add -A + commit", whole, seconds, goalWhole)
	s.compare("its system calls alone", "git add -A + commit", alone, seconds, goalWhole)
	return nil
}

// runAndIdle runs once over a change, then three times over none. idle is the median of the three.
func (s *largeHistory) runAndIdle() (idle, run cost, err error) {
	if run, err = s.dest.run(); err != nil {
		return idle, run, err
	}
	costs, err := s.contest(3, []func() (cost, error){s.dest.run})
	if err != nil {
		return idle, run, err
	}
	a, b, c := costs[0][0].elapsed, costs[0][1].elapsed, costs[0][2].elapsed
	idle.elapsed = max(min(a, b), min(max(a, b), c))
	return idle, run, nil
}

// alone makes the system calls of a run over changed files.
func (s *largeHistory) alone(pack int64, changed []string) (cost, error) {
	return s.systemCalls(s.source, s.path("alone"), pack, sizeOf(filepath.Join(s.dest.git(), "index")), changed...)
}

func (s *largeHistory) thousand() error {
	var pairs, alone []pair
	var peak []float64
	for round := range s.roundCount(5) {
		changed, err := s.change(s.scaled(1000, 10))
		if err != nil {
			return err
		}
		packed := sizeBelow(s.dest.git(), isPack)
		turns := []func() (cost, error){s.dest.run, s.peer.commitAll}
		first := round % 2
		var c [2]cost
		for _, i := range []int{first, 1 - first} {
			if c[i], err = turns[i](); err != nil {
				return err
			}
			s.syncDisks()
		}
		calls, err := s.alone(max(0, sizeBelow(s.dest.git(), isPack)-packed), changed)
		if err != nil {
			return err
		}
		pairs = append(pairs, pair{c[0].elapsed.Seconds(), c[1].elapsed.Seconds()})
		alone = append(alone, pair{calls.elapsed.Seconds(), c[1].elapsed.Seconds()})
		peak = append(peak, float64(c[0].rss))
	}
	s.compare("1,000 changed in 100k", "git add -A + commit, one commit", pairs, seconds, goalThousand)
	s.compare("its system calls alone", "git add -A + commit, one commit", alone, seconds, goalThousand)
	s.limit("1,000 changed in 100k: peak RSS", median(peak), goalThousandRSS, mebibytes, false)
	return nil
}
