package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ours is a destination of timemachine and the configuration that fills it.
type ours struct {
	b          *bench
	conf, dest string
}

// ours makes an empty destination for the history of source.
func (b *bench) ours(name, source string) (*ours, error) {
	place := b.path(name)
	if err := os.RemoveAll(place); err != nil {
		return nil, err
	}
	b.made++ // a destination that was used before must not be empty
	o := &ours{b: b, conf: filepath.Join(place, "config"), dest: filepath.Join(place, fmt.Sprint("history", b.made))}
	for _, dir := range []string{o.conf, o.dest} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	return o, os.WriteFile(filepath.Join(o.conf, "config.dat"), fmt.Appendf(nil, "- %q\n", source), 0o600)
}

func (o *ours) run() (cost, error) {
	return o.b.run(command{args: []string{o.b.binary, "-cl", o.conf, "-d", o.dest}})
}

func (o *ours) git() string { return filepath.Join(o.dest, ".git") }

// packs counts the packs, and what lies loose beside them.
func (o *ours) packs() (packs, loose int, err error) {
	found, err := filepath.Glob(filepath.Join(o.git(), "objects/pack/*.pack"))
	if err != nil {
		return 0, 0, err
	}
	stray, err := filepath.Glob(filepath.Join(o.git(), "objects/[0-9a-f][0-9a-f]/*"))
	return len(found), len(stray), err
}

// check lets git look at the destination: every object, every pack, the commit-graph, and a clone. It must hold commits
// versions, unless that is negative.
func (o *ours) check(commits int) error {
	b := o.b
	count, err := b.output(o.dest, "rev-list", "--count", "HEAD")
	if err == nil && commits >= 0 && count != fmt.Sprint(commits) {
		err = fmt.Errorf("%s commits, want %d", count, commits)
	}
	if err != nil {
		return err
	}
	for _, args := range [][]string{{"fsck", "--full", "--strict", "--no-dangling", "--no-progress"}, {"status", "--porcelain"}} {
		out, err := b.output(o.dest, args...)
		if err == nil && out != "" {
			err = fmt.Errorf("git %s: %s", strings.Join(args, " "), out)
		}
		if err != nil {
			return err
		}
	}
	packs, err := filepath.Glob(filepath.Join(o.git(), "objects/pack/*.idx"))
	if err != nil {
		return err
	}
	for _, args := range [][]string{append([]string{"verify-pack"}, packs...), {"commit-graph", "verify", "--no-progress"},
		{"clone", "-q", "--no-local", o.dest, b.path(fmt.Sprint("clone", b.checked))}} {
		if _, err := b.output(o.dest, args...); err != nil {
			return err
		}
	}
	b.checked++
	return nil
}
