package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// destination is a destination of timemachine with the configuration that fills it.
type destination struct {
	b          *bench
	conf, dest string
}

// newDestination makes an empty destination for the history of source.
func (b *bench) newDestination(name, source string) (*destination, error) {
	place := b.path(name)
	if err := os.RemoveAll(place); err != nil {
		return nil, err
	}
	b.destinations++ // a destination that was used before must not be empty
	d := &destination{b: b, conf: filepath.Join(place, "config"), dest: filepath.Join(place, fmt.Sprint("history", b.destinations))}
	for _, dir := range []string{d.conf, d.dest} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	return d, os.WriteFile(filepath.Join(d.conf, "config.dat"), fmt.Appendf(nil, "- %q\n", source), 0o600)
}

func (d *destination) run() (cost, error) {
	return d.b.run(command{args: []string{d.b.binary, "-cl", d.conf, "-d", d.dest}})
}

func (d *destination) git() string { return filepath.Join(d.dest, ".git") }

// packCount counts the packs and the loose objects.
func (d *destination) packCount() (packs, loose int, err error) {
	found, err := filepath.Glob(filepath.Join(d.git(), "objects/pack/*.pack"))
	if err != nil {
		return 0, 0, err
	}
	stray, err := filepath.Glob(filepath.Join(d.git(), "objects/[0-9a-f][0-9a-f]/*"))
	return len(found), len(stray), err
}

// checkWithGit lets git check every object, every pack and the commit-graph, and clones the
// destination. It fails unless the history holds the given number of versions of files; a
// negative number stands for any.
func (d *destination) checkWithGit(versions int) error {
	b := d.b
	count, err := b.output(d.dest, "rev-list", "--count", "--invert-grep", "--grep=^Type: folder$", "HEAD")
	if err == nil && versions >= 0 && count != fmt.Sprint(versions) {
		err = fmt.Errorf("%s versions of files, want %d", count, versions)
	}
	if err != nil {
		return err
	}
	for _, args := range [][]string{{"fsck", "--full", "--strict", "--no-dangling", "--no-progress"}, {"status", "--porcelain"}} {
		out, err := b.output(d.dest, args...)
		if err == nil && out != "" {
			err = fmt.Errorf("git %s: %s", strings.Join(args, " "), out)
		}
		if err != nil {
			return err
		}
	}
	packs, err := filepath.Glob(filepath.Join(d.git(), "objects/pack/*.idx"))
	if err != nil {
		return err
	}
	for _, args := range [][]string{append([]string{"verify-pack"}, packs...), {"commit-graph", "verify", "--no-progress"},
		{"clone", "-q", "--no-local", d.dest, b.path(fmt.Sprint("clone", b.checkedRepos))}} {
		if _, err := b.output(d.dest, args...); err != nil {
			return err
		}
	}
	b.checkedRepos++
	return nil
}

// systemCalls makes the system calls of a run over source alone: over nothing changed where dest is
// "", over the first version of all where none are changed.
func (b *bench) systemCalls(source, dest string, pack, index int64, changed ...string) (cost, error) {
	return b.run(command{args: append([]string{b.program, aloneFlag, source, dest, fmt.Sprint(pack), fmt.Sprint(index)}, changed...)})
}
