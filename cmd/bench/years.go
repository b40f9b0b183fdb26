package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The goals for a history of years.
const (
	goalYears     = 1.10
	goalBesides   = 0.05
	besidesInAll  = 4e6 // bytes in .git beside packs that are allowed to a small history
	goalReflogs   = 2 << 20
	yearsSamples  = 100
	linesInYears  = 80   // bytes that each run finds added to the log
	firstYearsLog = 20e3 // bytes of the log at the first run
)

// sample is what a stretch of runs of a long history took and left, ours and git's: the mean of the
// runs' seconds, and the bytes in .git after the last.
type sample struct {
	run                    int
	ourSeconds, gitSeconds float64
	ourBytes, gitBytes     float64
}

// years runs 20,000 times over 1,500 files, of which each run finds one edited, and one growing
// log. git commits the same changes, and collects its loose objects as it does by default.
func (b *bench) years() error {
	names, err := b.generate(b.path("src"), 1500, 50, 2<<10)
	if err != nil {
		return err
	}
	log := b.path("src", "server.log")
	if err := b.write(log, text(11, firstYearsLog)); err != nil {
		return err
	}
	o, err := b.newDestination("ours", b.path("src"))
	if err != nil {
		return err
	}
	git, err := b.collectingPeer("git", b.path("src"))
	if err != nil {
		return err
	}
	runs := b.scaled(20_000, 2*yearsSamples)
	each := runs / yearsSamples
	var samples []sample
	var ours, theirs cost
	for run := range runs {
		if run > 0 {
			if err := errors.Join(b.edit(names[run*37%len(names)], run), b.addLine(log, run)); err != nil {
				return err
			}
		}
		a, err := o.run()
		if err != nil {
			return err
		}
		g, err := git.commitAll()
		if err != nil {
			return err
		}
		ours, theirs = ours.plus(a), theirs.plus(g)
		if (run+1)%each == 0 {
			samples = append(samples, sample{run + 1, ours.elapsed.Seconds() / float64(each), theirs.elapsed.Seconds() / float64(each),
				float64(sizeBelow(o.git(), nil)), float64(sizeBelow(git.dir, nil))})
			ours, theirs = cost{}, cost{}
		}
	}
	if err := b.judgeYears(o, samples); err != nil {
		return err
	}
	if err := o.checkWithGit(len(names) + 1 + 2*(runs-1)); err != nil || b.plot == "" {
		return err
	}
	return plotYears(b.plot, samples, fmt.Sprintf("%s, size %g", time.Now().Format(time.DateOnly), b.size))
}

func (b *bench) judgeYears(o *destination, samples []sample) error {
	last := samples[len(samples)-1]
	b.compare(fmt.Sprintf("%d runs over 1,500 files and a log: the last", last.run), "git add -A + commit", []pair{{last.ourSeconds, last.gitSeconds}}, seconds, 0)
	b.compare(fmt.Sprintf(".git after %d runs", last.run), "git, with its gc", []pair{{last.ourBytes, last.gitBytes}}, megabytes, 0)
	mirror := b.path("mirror")
	if _, err := b.git(b.dir, []string{"clone", "-q", "--mirror", "--no-local", o.dest, mirror}, []string{"-C", mirror, "gc", "-q"}); err != nil {
		return err
	}
	b.compare("the same", "a mirror after git gc", []pair{{last.ourBytes, float64(sizeBelow(mirror, nil))}}, megabytes, goalYears)
	packs := float64(sizeBelow(o.git(), isPack))
	besides := last.ourBytes - packs
	b.limit("the same: in .git beside packs", besides, max(goalBesides*packs, besidesInAll), megabytes, true)
	b.limit("the same: reflogs", float64(sizeBelow(filepath.Join(o.git(), "logs"), nil)), goalReflogs, megabytes, true)
	return nil
}

// isPack tells whether a file is a pack or its idx.
func isPack(path string) bool {
	return strings.HasSuffix(path, ".pack") || strings.HasSuffix(path, ".idx")
}

// addLine adds a line to a log.
func (b *bench) addLine(name string, round int) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	t := b.nextMtime()
	_, err = fmt.Fprintf(f, "%s %s", t.UTC().Format(time.RFC3339), text(uint64(round)<<32, linesInYears))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Chtimes(name, t, t)
}
