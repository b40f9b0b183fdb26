package main

import "os"

const (
	goalLarge    = 0.4
	goalLargeRSS = 64 << 20
)

func (b *bench) large() error {
	source, empty := b.path("src"), b.path("empty")
	for _, dir := range []string{source, empty} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	if err := b.halfCompressible(b.path("src", "disk.img"), b.scaled(1024, 16)); err != nil {
		return err
	}
	if err := b.letFilesAge(); err != nil {
		return err
	}
	var last *destination
	costs, err := b.contest(b.roundCount(3), []func() (cost, error){
		func() (c cost, err error) {
			if last, err = b.newDestination("ours", source); err == nil {
				b.syncDisks()
				c, err = last.run()
			}
			return c, err
		},
		func() (cost, error) {
			p, err := b.gitPeer("git", source)
			if err != nil {
				return cost{}, err
			}
			b.syncDisks()
			return p.run([]string{"add", "-A"})
		},
		func() (cost, error) {
			o, err := b.newDestination("nothing", empty)
			if err != nil {
				return cost{}, err
			}
			return o.run()
		},
	})
	if err != nil {
		return err
	}
	b.compare("a file of 1 GiB", "git add", elapsedPairs(costs[0], costs[1]), seconds, goalLarge)
	var above []float64
	for i := range costs[0] {
		above = append(above, float64(costs[0][i].rss-costs[2][i].rss))
	}
	b.limit("a file of 1 GiB: RSS above the empty run", median(above), goalLargeRSS, mebibytes, false)
	return last.checkWithGit(1)
}
