package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo"
	"timemachine/repo/verify"
)

// The goals for a year of runs. What a weekly sample counts is compared with that of early weeks.
const (
	goalYearFiles  = 60  // in .git beside packs
	goalYearState  = 1.2 // state of runs, in bytes
	goalYearMemory = 1.2
	goalYearPeak   = 128 << 20
	goalYearSlow   = 2.0 // seconds that the slowest run of a day takes
	yearWeeks      = 52
	yearPolicy     = 30 * 24 * time.Hour // of copies
)

// week is what the runs of a stretch of days took, and what they left at its end.
type week struct {
	Day             int // the number of days until then
	Idle, Recording yearRun
	Slowest         float64 // seconds; the median of the days' slowest runs
	Runs, Versions  int     // so far
	Packs, Loose    int     // the most at the end of a day
	Git, Besides    int64   // bytes of .git, and of those the ones beside packs and commit-graph
	GitFiles        int     // files in .git beside packs
	State           int64   // bytes of .git/timemachine
	Disk            int64   // bytes that the destination takes on the disk
	Inodes, Copies  int     // of the destination; of these copies
	Memory          int64   // the peak of the days' processes
}

// year lets a year of runs pass, one a minute, by a clock of their own: see simulateDay.
func (b *bench) year() error {
	y, err := b.newYear()
	if err != nil {
		return err
	}
	days := b.scaled(365, 2)
	each := max(days/yearWeeks, 1)
	var weeks []week
	for day := 0; day < days; {
		end := day + each
		if end+each > days {
			end = days
		}
		w, err := y.runDays(day, end)
		if err != nil {
			return err
		}
		weeks, day = append(weeks, w), end
		fmt.Fprintf(os.Stderr, "%s  day %d: %s\n", time.Now().Format(time.TimeOnly), end, strings.Join(w.cells(), "  "))
	}
	printWeeks(weeks, b.markdown)
	b.judgeYear(weeks)
	if b.plotYear != "" {
		if err := plotWeeks(b.plotYear, weeks, fmt.Sprintf("%s, size %g", time.Now().Format(time.DateOnly), b.size)); err != nil {
			return err
		}
	}
	return y.check(weeks)
}

// simulatedYear is the world of a simulated year, and what was made in it.
type simulatedYear struct {
	b        *bench
	o        *destination
	job      yearJob
	versions []int // of files, by day
	folders  int
	pruned   int64
}

func (b *bench) newYear() (*simulatedYear, error) {
	o, err := b.newDestination("ours", b.path("src"))
	if err != nil {
		return nil, err
	}
	y := &simulatedYear{b: b, o: o, job: yearJob{Source: b.path("src"), Config: filepath.Join(o.conf, "config.dat"), Dest: o.dest, Report: b.path("report")}}
	config := fmt.Sprintf("watch:\n- %q\ncopies: 30d\n", y.job.Source)
	world := &yearWorld{dir: y.job.Source, rand: rand.New(rand.NewPCG(1, 7))}
	return y, errors.Join(os.WriteFile(y.job.Config, []byte(config), 0o600), world.begin(), repo.Init(o.dest, repo.Options{}))
}

// runDays simulates the days from one to before another, a process each.
func (y *simulatedYear) runDays(from, to int) (week, error) {
	w := week{Day: to}
	var idle, recording []yearRun
	var slowest []float64
	for day := from; day < to; day++ {
		report, memory, err := y.runDay(day)
		if err != nil {
			return w, err
		}
		packs, loose, err := y.o.packCount()
		if err != nil {
			return w, err
		}
		w.Packs, w.Loose, w.Memory = max(w.Packs, packs), max(w.Loose, loose), max(w.Memory, memory)
		idle, recording = append(idle, report.Idle...), append(recording, report.Recording...)
		most := 0.0
		for _, r := range append(report.Idle, report.Recording...) {
			most = max(most, r.Elapsed)
		}
		slowest = append(slowest, most)
	}
	w.Idle, w.Recording, w.Slowest = medianRun(idle), medianRun(recording), median(slowest)
	w.Runs = to * minutesADay
	for _, n := range y.versions {
		w.Versions += n
	}
	return w, w.measure(y.o)
}

func (y *simulatedYear) runDay(day int) (r yearReport, memory int64, err error) {
	y.job.Day = day
	file := y.b.path("job")
	data, err := json.Marshal(y.job)
	if err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		return r, 0, err
	}
	took, err := y.b.run(command{args: []string{y.b.program, dayFlag, file}})
	if err != nil {
		return r, 0, err
	}
	if data, err = os.ReadFile(y.job.Report); err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err == nil && r.Versions != r.Made {
		err = fmt.Errorf("day %d: %d versions of %d changes", day, r.Versions, r.Made)
	}
	y.versions = append(y.versions, r.Versions)
	y.folders += r.Folders
	y.pruned += r.Pruned
	return r, took.rss, err
}

func medianRun(runs []yearRun) yearRun {
	var elapsed, used []float64
	for _, r := range runs {
		elapsed, used = append(elapsed, r.Elapsed), append(used, r.Used)
	}
	return yearRun{median(elapsed), median(used)}
}

// measure looks at the destination.
func (w *week) measure(o *destination) error {
	seen := map[uint64]bool{}
	git := o.git() + string(filepath.Separator)
	return filepath.WalkDir(o.dest, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return fmt.Errorf("lstat %q: %w", path, err)
		}
		if !seen[st.Ino] {
			seen[st.Ino] = true
			w.Inodes++
			w.Disk += st.Blocks * 512
		}
		if d.IsDir() {
			return nil
		}
		rel, inGit := strings.CutPrefix(path, git)
		switch {
		case !inGit:
			if strings.HasPrefix(path, filepath.Join(o.dest, "copies")+string(filepath.Separator)) {
				w.Copies++
			}
			return nil
		case !isPack(path):
			w.GitFiles++
			if !strings.HasPrefix(rel, filepath.Join("objects", "info", "commit-graph")) {
				w.Besides += st.Size
			}
		}
		w.Git += st.Size
		if strings.HasPrefix(rel, "timemachine"+string(filepath.Separator)) {
			w.State += st.Size
		}
		return nil
	})
}

// check lets git and timemachine check the history, and counts its versions in the destination and
// in a clone.
func (y *simulatedYear) check(weeks []week) error {
	last := weeks[len(weeks)-1]
	if err := y.o.checkWithGit(last.Versions); err != nil {
		return err
	}
	clone := y.b.path(fmt.Sprint("clone", y.b.checkedRepos-1))
	if got, err := y.b.output(clone, "rev-list", "--count", "HEAD"); err != nil || got != fmt.Sprint(last.Versions+y.folders) {
		return errors.Join(err, fmt.Errorf("%s commits in a clone, want %d", got, last.Versions+y.folders))
	}
	now := yearBegin.AddDate(0, 0, last.Day)
	var wrong error
	o := yearOptions(func() time.Time { return now }, bootOf())
	o.Warn = yearWarning(&wrong)
	r, err := repo.Open(y.o.dest, o)
	if err != nil {
		return err
	}
	defer r.Close()
	sum, err := r.Verify(y.b.ctx, verify.Options{WantCopy: r.CopiesKept(y.b.ctx, repo.CopyPolicy{For: yearPolicy}, now),
		Report: func(f verify.Finding) { wrong = errors.Join(wrong, fmt.Errorf("%s %s: %s", f.Part, f.Path, f.Msg)) }})
	if err = errors.Join(err, wrong); err != nil {
		return err
	}
	if sum.Findings > 0 || sum.Versions != int64(last.Versions+y.folders) {
		return fmt.Errorf("verify: %d findings in %d versions, want %d", sum.Findings, sum.Versions, last.Versions+y.folders)
	}
	fmt.Fprintf(os.Stderr, "verify: %d objects, %d versions, %d files, %d copies, nothing wrong; %d copies were pruned\n",
		sum.Objects, sum.Versions, sum.Files, sum.Copies, y.pruned)
	return y.judgeCopies(last)
}

// judgeCopies adds the row for the number of copies. A copy may stay for as long as the policy says
// after its file's next version, and a day more: runs look once a day. The newest of each source
// stays.
func (y *simulatedYear) judgeCopies(last week) error {
	most := yearConfigs + yearNotes + 1 + yearLogsKept + last.Day/7 + 2
	days := int(yearPolicy/(24*time.Hour)) + 1
	for _, n := range y.versions[max(0, len(y.versions)-days):] {
		most += n
	}
	y.b.limit(fmt.Sprintf("copies after %d runs; those of 31 days and the newest", last.Runs), float64(last.Copies), float64(most), count, true)
	return nil
}

// judgeYear compares the last four weeks with the first four in which copies are removed.
func (b *bench) judgeYear(weeks []week) {
	early, late := weeks[min(5, len(weeks)-1):min(9, len(weeks))], weeks[max(0, len(weeks)-4):]
	last := weeks[len(weeks)-1]
	ends := func(of func(*week) float64) []pair {
		middle := func(all []week) float64 {
			var v []float64
			for i := range all {
				v = append(v, of(&all[i]))
			}
			return median(v)
		}
		return []pair{{middle(late), middle(early)}}
	}
	row := func(what string, show func(float64) string, goal float64, of func(*week) float64) {
		b.compare(what, "weeks 6 to 9", ends(of), show, goal)
	}
	row(fmt.Sprintf("%d runs in %d days: an idle run of the last weeks", last.Runs, last.Day), seconds, goalLateRun, func(w *week) float64 { return w.Idle.Elapsed })
	row("the same: processor time", seconds, goalLateRun, func(w *week) float64 { return w.Idle.Used })
	row("a run that records", seconds, goalLateRun, func(w *week) float64 { return w.Recording.Elapsed })
	row("the same: processor time", seconds, goalLateRun, func(w *week) float64 { return w.Recording.Used })
	row("peak of memory of the runs of a day", mebibytes, goalYearMemory, func(w *week) float64 { return float64(w.Memory) })
	b.compare("state of runs in .git, at most", "weeks 6 to 9", []pair{{mostState(late), mostState(early)}}, kilobytes, goalYearState)
	b.limit("the slowest run of a day, in the median of the last week", last.Slowest, goalYearSlow, seconds, true)
	most := week{}
	for _, w := range weeks {
		most.Packs, most.Loose, most.GitFiles = max(most.Packs, w.Packs), max(most.Loose, w.Loose), max(most.GitFiles, w.GitFiles)
		most.Besides, most.Memory = max(most.Besides, w.Besides), max(most.Memory, w.Memory)
	}
	b.limit("peak of memory in the year: merges of more than ten packs", float64(most.Memory), goalYearPeak, mebibytes, true)
	b.limit("packs at most", float64(most.Packs), goalPacks, count, true)
	b.limit("loose objects at most", float64(most.Loose), 0, count, true)
	b.limit("files in .git beside packs at most", float64(most.GitFiles), goalYearFiles, count, true)
	b.limit("bytes in .git beside packs and commit-graph at most", float64(most.Besides), besidesInAll, megabytes, true)
	b.tell(".git at the end", float64(last.Git), megabytes)
	b.tell("versions in it", float64(last.Versions), count)
}

// mostState is the most that the state of runs took at the end of some weeks: what a cache collects
// is written anew from time to time.
func mostState(weeks []week) float64 {
	var most int64
	for _, w := range weeks {
		most = max(most, w.State)
	}
	return float64(most)
}
