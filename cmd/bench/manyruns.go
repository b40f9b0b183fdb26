package main

import (
	"fmt"
	"path/filepath"
)

const goalLateRun = 1.2

// manyRuns compares late runs with early ones. The files of one folder are edited by turns.
func (b *bench) manyRuns() error {
	const files, span = 20, 100
	names, err := b.generate(b.path("src"), files, files, 4<<10)
	if err != nil {
		return err
	}
	o, err := b.newDestination("ours", filepath.Dir(names[0]))
	if err != nil {
		return err
	}
	if _, err := o.run(); err != nil {
		return err
	}
	runs := b.scaled(10_000, 300)
	var took []float64
	for i := range runs {
		if err := b.edit(names[i%files], i); err != nil {
			return err
		}
		c, err := o.run()
		if err != nil {
			return err
		}
		took = append(took, c.elapsed.Seconds())
	}
	ends := pair{median(took[runs-span:]), median(took[10 : 10+span])}
	b.compare(fmt.Sprintf("run %d", runs), "run 10", []pair{ends}, seconds, goalLateRun)
	packs, loose, err := o.packCount()
	if err != nil {
		return err
	}
	b.limit(fmt.Sprintf("packs after %d runs", runs), float64(packs), goalPacks, count, true)
	b.limit(fmt.Sprintf("loose objects after %d runs", runs), float64(loose), 0, count, true)
	return o.checkWithGit(files + runs)
}
