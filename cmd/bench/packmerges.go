package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// The goals for a history of many runs that merges its packs by itself.
const (
	goalCollected = 1.15
	goalPacks     = 15
)

// packed lets a history of many runs merge its packs, and compares it with a copy after git gc.
func (b *bench) packed() error {
	source, err := goSource()
	if err != nil {
		return err
	}
	names, err := b.copyTree(source, b.path("src"))
	if err != nil {
		return err
	}
	o, err := b.newDestination("ours", b.path("src"))
	if err != nil {
		return err
	}
	if _, err := o.run(); err != nil {
		return err
	}
	rounds := b.scaled(700, 10)
	for round := range rounds {
		for i := range 3 {
			if err := b.edit(names[(round*3+i)*5%min(len(names), 900)], round); err != nil {
				return err
			}
		}
		if _, err := o.run(); err != nil {
			return err
		}
	}
	packs, _, err := o.packCount()
	if err != nil {
		return err
	}
	collected := b.path("collected")
	if err := os.CopyFS(collected, os.DirFS(o.git())); err != nil {
		return err
	}
	if _, err := b.git(collected, []string{"gc", "-q"}); err != nil {
		return err
	}
	sizes := pair{float64(sizeBelow(filepath.Join(o.git(), "objects"), nil)), float64(sizeBelow(filepath.Join(collected, "objects"), nil))}
	b.compare(fmt.Sprintf("bytes after %d runs", rounds), "after git gc", []pair{sizes}, megabytes, goalCollected)
	b.limit(fmt.Sprintf("packs after %d runs", rounds), float64(packs), goalPacks, count, true)
	return o.checkWithGit(len(names) + 3*rounds)
}
