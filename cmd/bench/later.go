package main

// goals of later runs, as ratios.
const (
	goalBeyondIdle = 0.15
	goalWhole      = 0.5
	goalThousand   = 0.4
	goalStatus     = 0.6
	goalFind       = 1
)

// standing is a history of many files that both we and git have.
type standing struct {
	*bench
	source  string
	names   []string
	ours    *ours
	theirs  *gitPeer
	commits int // of ours
	edits   int
}

func (b *bench) later() error {
	s := &standing{bench: b, source: b.path("src")}
	var err error
	if s.names, err = b.generate(s.source, b.scaled(100_000, 1000), 100, 1<<10); err != nil {
		return err
	}
	if s.ours, err = b.ours("ours", s.source); err != nil {
		return err
	}
	if s.theirs, err = b.gitPeer("git", s.source); err != nil {
		return err
	}
	if err = b.settle(); err != nil {
		return err
	}
	if _, err = s.ours.run(); err != nil {
		return err
	}
	if _, err = s.theirs.commitAll(); err != nil {
		return err
	}
	s.commits = len(s.names)
	for _, part := range []func() error{s.idle, s.one, s.thousand} {
		if err := part(); err != nil {
			return err
		}
	}
	return s.ours.check(s.commits)
}

// change edits n files, far from each other and not the same as last time, and waits until they are beyond doubt.
func (s *standing) change(n int) ([]string, error) {
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
	return changed, s.settle()
}

// idle compares runs that find nothing changed.
func (s *standing) idle() error {
	if err := s.settle(); err != nil {
		return err
	}
	contestants := []func() (cost, error){
		s.ours.run,
		func() (cost, error) { return s.theirs.run([]string{"status", "--porcelain"}) },
		func() (cost, error) {
			return s.run(command{args: []string{"find", s.source, "-printf", `%T@ %p\n`}})
		},
	}
	if _, err := s.contest(1, contestants); err != nil { // warm, and git's index refreshed
		return err
	}
	costs, err := s.contest(s.times(15), contestants)
	if err != nil {
		return err
	}
	s.compare("nothing changed, 100k files", "git status", pairUp(costs[0], costs[1]), seconds, goalStatus)
	s.compare("nothing changed, 100k files", "find -printf", pairUp(costs[0], costs[2]), seconds, goalFind)
	return nil
}

// one compares runs that find one file changed: what they take beyond an idle run, against git told which file it is,
// and the whole against git that looks for itself.
func (s *standing) one() error {
	var beyond, whole []pair
	for range s.times(9) {
		changed, err := s.change(1)
		if err != nil {
			return err
		}
		idle, run, err := s.runAndIdle()
		if err != nil {
			return err
		}
		told, err := s.theirs.commitOne(changed[0])
		if err != nil {
			return err
		}
		beyond = append(beyond, pair{(run.elapsed - idle.elapsed).Seconds(), told.elapsed.Seconds()})
		if _, err = s.change(1); err != nil {
			return err
		}
		costs, err := s.contest(1, []func() (cost, error){s.theirs.commitAll, s.ours.run})
		if err != nil {
			return err
		}
		whole = append(whole, pair{costs[1][0].elapsed.Seconds(), costs[0][0].elapsed.Seconds()})
	}
	s.compare("one changed in 100k, beyond an idle run", "git add FILE + commit", beyond, seconds, goalBeyondIdle)
	s.compare("one changed in 100k, whole run", "git add -A + commit", whole, seconds, goalWhole)
	return nil
}

// runAndIdle runs once over a change, then thrice over none, and gives the median of these for idle.
func (s *standing) runAndIdle() (idle, run cost, err error) {
	if run, err = s.ours.run(); err != nil {
		return idle, run, err
	}
	costs, err := s.contest(3, []func() (cost, error){s.ours.run})
	if err != nil {
		return idle, run, err
	}
	a, b, c := costs[0][0].elapsed, costs[0][1].elapsed, costs[0][2].elapsed
	idle.elapsed = max(min(a, b), min(max(a, b), c))
	return idle, run, nil
}

func (s *standing) thousand() error {
	var pairs []pair
	for round := range s.times(5) {
		if _, err := s.change(s.scaled(1000, 10)); err != nil {
			return err
		}
		turns := []func() (cost, error){s.ours.run, s.theirs.commitAll}
		first := round % 2
		c1, err := turns[first]()
		if err != nil {
			return err
		}
		s.flush()
		c2, err := turns[1-first]()
		if err != nil {
			return err
		}
		if first == 1 {
			c1, c2 = c2, c1
		}
		pairs = append(pairs, pair{c1.elapsed.Seconds(), c2.elapsed.Seconds()})
	}
	s.compare("1,000 changed in 100k", "git add -A + commit, one commit", pairs, seconds, goalThousand)
	return nil
}
