package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"timemachine/repo"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/watch"
	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// dayFlag makes this program a simulated day: it makes the runs of a day in one process, a minute
// apart by a clock of their own, and writes what they took to a file.
const dayFlag = "-simulated-day"

// yearJob says where a simulated day works.
type yearJob struct {
	Day                  int
	Source, Config, Dest string
	Report               string // the file that gets the yearReport
}

// yearReport is what the runs of a day took and did.
type yearReport struct {
	Idle, Recording []yearRun // without the first run of the year
	Versions        int       // without folders
	Folders         int
	Made            int // of versions, by what was changed
	Pruned          int64
}

// yearRun is the time that a run took, and that of the processor in it, in seconds.
type yearRun struct{ Elapsed, Used float64 }

// simulateDay makes the runs of one day. A run is what the program does: it reads the
// configuration, opens the destination, runs and closes. It gets its clock in its options, as from
// the program. That clock shows the simulated minute, and goes on with the real one meanwhile, so
// that what is limited in time has its time.
//
// These differ from the world. One process makes the runs of a day, so its memory is what the
// garbage collector leaves of all of them, and no start of a program is in their time. There is no
// log and no memory of warnings: those are the command's. The next run begins at once, so that the
// system has had no time to write by itself what was left to it, and the folder of the packs has
// been changed within the step of its clock, which costs a second look at it. ctimes cannot be set.
// They lie a year ahead of the clock, and what was changed in the last two seconds before a run is
// told by its mtime alone: of a rotated log, which keeps that, it is not. In files/ and .git, whose
// times nothing compares with the clock, they are real ones, but for the pending mark: its mtime
// says whether what a run has left to the system is on disk by now.
func simulateDay(file string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var job yearJob
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &job)
	}
	if err == nil {
		err = job.run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (j *yearJob) run(ctx context.Context) error {
	var report yearReport
	world := &yearWorld{dir: j.Source, rand: rand.New(rand.NewPCG(uint64(j.Day), 7))}
	plan := yearPlan(j.Day)
	boot := bootOf()
	for minute := range minutesADay {
		now := yearBegin.AddDate(0, 0, j.Day).Add(time.Duration(minute+1) * time.Minute)
		for _, e := range plan[minute] {
			when := now.Add(-time.Duration(world.rand.Int64N(int64(time.Minute))))
			if err := world.apply(&e, when); err != nil {
				return err
			}
			report.Made += e.versions(j.Day)
		}
		took, s, err := j.runAt(ctx, now, boot)
		if err != nil {
			return fmt.Errorf("the run of %s: %w", now.Format(time.RFC3339), err)
		}
		report.Versions += s.Versions - s.Folders
		report.Folders += s.Folders
		report.Pruned += s.Pruned.Copies
		switch {
		case j.Day == 0 && minute == 0:
			report.Made += yearConfigs + yearNotes + 1 - len(plan[minute])
		case s.Versions > 0:
			report.Recording = append(report.Recording, took)
		default:
			report.Idle = append(report.Idle, took)
		}
	}
	data, err := json.Marshal(report)
	if err != nil {
		return err
	}
	return os.WriteFile(j.Report, data, 0o600)
}

// runAt makes one run whose clock shows now.
func (j *yearJob) runAt(ctx context.Context, now time.Time, boot string) (yearRun, *watch.Summary, error) {
	began, used := time.Now(), processorTime()
	clock := func() time.Time { return now.Add(time.Since(began)) }
	var found yearProblems
	s, err := j.runOnce(ctx, clock, boot, &found)
	took := yearRun{time.Since(began).Seconds(), (processorTime() - used).Seconds()}
	if err == nil && len(found) > 0 {
		err = errors.New(strings.Join(found, "; "))
	}
	if err == nil {
		err = j.datePendingMark(now)
	}
	return took, s, err
}

func (j *yearJob) runOnce(ctx context.Context, clock func() time.Time, boot string, found *yearProblems) (*watch.Summary, error) {
	c, err := config.Load(j.Config, config.Env{Home: filepath.Dir(j.Source), UID: os.Geteuid()})
	if err != nil {
		return nil, err
	}
	r, err := repo.Open(j.Dest, yearOptions(clock, boot))
	if err != nil {
		return nil, err
	}
	s, err := watch.Run(ctx, watch.RunOptions{Config: c, Repo: r, Clock: clock, Report: found})
	return s, errors.Join(err, r.Close())
}

func yearOptions(clock func() time.Time, boot string) repo.Options {
	return repo.Options{Clock: clock, Ident: repo.Identity{Name: "root", Email: "root@host"}, Host: "host", Boot: boot, Remembered: cache.Tip}
}

// datePendingMark gives the pending mark that a run has made the run's time.
func (j *yearJob) datePendingMark(now time.Time) error {
	mark := filepath.Join(j.Dest, ".git", "timemachine", "pending")
	st, err := os.Stat(mark)
	if os.IsNotExist(err) || err == nil && !st.ModTime().After(now.AddDate(0, 0, 1)) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Chtimes(mark, now, now)
}

// bootOf identifies the present start of the machine on Linux, as the program does it.
func bootOf() string {
	b, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b))
}

// processorTime is the time of the processors that this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// yearProblems are the problems that runs have met: none are expected.
type yearProblems []string

func (p *yearProblems) Version(record.Version) {}
func (p *yearProblems) Progress(int64, int64)  {}
func (p *yearProblems) Problem(q scan.Problem) {
	*p = append(*p, fmt.Sprintf("%s %s: %v", q.Path, q.Msg, q.Err))
}

// yearWarning reports what opening a destination warns of, as an error.
func yearWarning(warned *error) func(path, msg string, what refusal.Remedy) {
	return func(path, msg string, _ refusal.Remedy) {
		*warned = errors.Join(*warned, fmt.Errorf("%s %s", path, msg))
	}
}
