package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The goals of a watch over 100,000 files.
const (
	goalWatchIdle  = 0.010 // seconds of processor time a minute
	goalWatchRSS   = 40 << 20
	goalWatchSaved = 0.150 // seconds from the rest of a saved file to its commit, for 95% of them
	goalWatchBurst = 1.2   // of the time of one run
	watchSettle    = 500 * time.Millisecond
	watchWakeful   = 40 * time.Second // a watch wakes up more often for less than this
	watchPatience  = 5 * time.Minute  // with one change, or with one after another
)

// watching measures a watch that stays running over 100,000 files, by each source of events that
// this user has.
func (b *bench) watching() error {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		fmt.Fprintln(os.Stderr, "left out: there is no /proc")
		return nil
	}
	source := b.path("src")
	names, err := b.generate(source, b.scaled(100_000, 1000), 100, 1<<10)
	if err != nil {
		return err
	}
	once, err := b.newDestination("once", source)
	if err != nil {
		return err
	}
	if err := b.letFilesAge(); err != nil {
		return err
	}
	if _, err := once.run(); err != nil {
		return err
	}
	kinds := []string{"inotify"}
	if os.Geteuid() == 0 {
		kinds = []string{"fanotify", "inotify"}
	}
	for i, kind := range kinds {
		o, err := b.newDestination("watched by "+kind, source)
		if err != nil {
			return err
		}
		w := &watched{bench: b, kind: kind, names: names, o: o, once: once, round: 1000 * i}
		if err := w.measure(); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// watched is a watch that is measured.
type watched struct {
	*bench
	kind    string
	names   []string
	o, once *destination // that of the watch, and one that runs record the same to
	process *os.Process
	versions,
	round int
}

func (w *watched) measure() (err error) {
	if _, err := w.o.run(); err != nil {
		return err
	}
	if err := w.letFilesAge(); err != nil {
		return err
	}
	stop, err := w.start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if w.versions, err = w.count(); err != nil {
		return err
	}
	for _, part := range []func() error{w.rests, w.saves, w.bursts} {
		if err := part(); err != nil {
			return err
		}
	}
	return w.o.checkWithGit(w.versions)
}

// start starts a watch and waits until its first look at everything is over.
func (w *watched) start() (stop func() error, err error) {
	cmd := exec.CommandContext(w.ctx, w.binary, "watch", "-cl", w.o.conf, "-d", w.o.dest, "--interval", "24h", "--settle", watchSettle.String(), "--events", w.kind)
	var printed bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = w.environment, &printed, &printed
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	w.process = cmd.Process
	stop = func() error {
		err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
		if printed.Len() > 0 {
			err = errors.Join(err, errors.New(strings.TrimSpace(printed.String())))
		}
		return err
	}
	if err := w.waitForRest(); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

// waitForRest waits until the watch uses next to no processor for two seconds.
func (w *watched) waitForRest() error {
	for until := time.Now().Add(watchPatience); time.Now().Before(until); {
		before, err := usedBy(w.process.Pid)
		if err != nil {
			return err
		}
		if err := w.sleep(2 * time.Second); err != nil {
			return err
		}
		after, err := usedBy(w.process.Pid)
		if err != nil || after-before < 5*time.Millisecond {
			return err
		}
	}
	return errors.New("it does not come to rest")
}

func (w *watched) sleep(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

// row names a row of this watch.
func (w *watched) row(what string) string {
	return fmt.Sprintf("watch over %d files, %s: %s", len(w.names), w.kind, what)
}

// rests measures a watch at rest for a minute.
func (w *watched) rests() error {
	took := time.Duration(w.scaled(int(time.Minute), int(5*time.Second)))
	if w.size >= 1 {
		if err := w.sleep(watchWakeful); err != nil {
			return err
		}
	}
	before, err := usedBy(w.process.Pid)
	if err != nil {
		return err
	}
	if err := w.sleep(took); err != nil {
		return err
	}
	after, err := usedBy(w.process.Pid)
	if err != nil {
		return err
	}
	w.limit(w.row("processor time at rest, a minute"), (after-before).Seconds()*float64(time.Minute)/float64(took), goalWatchIdle, seconds, false)
	return w.limitMemory("memory at rest")
}

func (w *watched) limitMemory(what string) error {
	rss, err := residentMemory(w.process.Pid)
	w.limit(w.row(what), float64(rss), goalWatchRSS, mebibytes, true)
	return err
}

// saves saves one file after another. The time to the commit counts from the end of the settle
// time.
func (w *watched) saves() error {
	var took []float64
	before, err := usedBy(w.process.Pid)
	if err != nil {
		return err
	}
	for range w.scaled(200, 5) {
		if err := w.edit(w.names[w.round*37%len(w.names)], w.round); err != nil {
			return err
		}
		w.round++
		w.versions++
		rested := time.Now().Add(watchSettle)
		moved, err := w.waitForCommit()
		if err != nil {
			return err
		}
		took = append(took, moved.Sub(rested).Seconds())
		if err := w.sleep(200 * time.Millisecond); err != nil { // the rest of that run
			return err
		}
	}
	after, err := usedBy(w.process.Pid)
	if err != nil {
		return err
	}
	got, err := w.count()
	if err == nil && got != w.versions {
		err = fmt.Errorf("%d versions, want %d", got, w.versions)
	}
	w.tell(w.row("a saved file, processor time"), (after-before).Seconds()/float64(len(took)), seconds)
	w.tell(w.row("a saved file's commit after its rest, median"), median(took), seconds)
	w.limit(w.row("the same, 95% of them within"), percentile(took, 0.95), goalWatchSaved, seconds, true)
	return err
}

// waitForCommit waits for the next move of the branch and returns its time.
func (w *watched) waitForCommit() (time.Time, error) {
	before, err := w.tip()
	for until := time.Now().Add(watchPatience); err == nil && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
		var now string
		if now, err = w.tip(); err == nil && now != before {
			return time.Now(), w.ctx.Err()
		}
	}
	return time.Time{}, cmp.Or(err, errors.New("no commit comes"))
}

func (w *watched) tip() (string, error) {
	data, err := os.ReadFile(filepath.Join(w.o.git(), "refs", "heads", "main"))
	return string(data), err
}

// bursts changes many files as fast as this can be done, some times.
func (w *watched) bursts() error {
	n := w.scaled(10_000, 100)
	var took []pair
	for range w.roundCount(3) {
		p, err := w.burst(n)
		if err != nil {
			return err
		}
		took = append(took, p)
	}
	w.compare(w.row(fmt.Sprintf("a burst of %d changes, recorded after its rest", n)), "one run", took, seconds, goalWatchBurst)
	return w.limitMemory("memory at rest, after bursts")
}

// burst changes n files. The time of the watch counts from the end of the settle time after the
// last change until it has noted what it knows, which comes last. A run records the same elsewhere,
// after the watch, with what it reads as warm.
func (w *watched) burst(n int) (pair, error) {
	step := len(w.names) / n
	first := w.round
	for i := range n {
		w.round++
		if err := w.edit(w.names[(i*step+first)%len(w.names)], w.round); err != nil {
			return pair{}, err
		}
	}
	rested := time.Now().Add(watchSettle)
	w.versions += n
	if err := w.waitForVersions(); err != nil {
		return pair{}, err
	}
	st, err := os.Stat(filepath.Join(w.o.git(), "timemachine", "cache"))
	if err != nil {
		return pair{}, err
	}
	w.syncDisks()
	run, err := w.once.run()
	return pair{st.ModTime().Sub(rested).Seconds(), run.elapsed.Seconds()}, err
}

// waitForVersions waits until all versions are committed and the watch is at rest. Nothing is asked
// of git before: that would take the processor from the watch.
func (w *watched) waitForVersions() error {
	for until := time.Now().Add(watchPatience); time.Now().Before(until); {
		if err := w.waitForRest(); err != nil {
			return err
		}
		got, err := w.count()
		if err != nil || got == w.versions {
			return err
		}
		if got > w.versions {
			return fmt.Errorf("%d versions, want %d", got, w.versions)
		}
	}
	return fmt.Errorf("not all of %d versions come", w.versions)
}

func (w *watched) count() (int, error) {
	out, err := w.output(w.o.dest, "rev-list", "--count", "--invert-grep", "--grep=^Type: folder$", "HEAD")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(out)
}

// percentile is the value that a share of all does not exceed.
func percentile(values []float64, share float64) float64 {
	v := slices.Sorted(slices.Values(values))
	if len(v) == 0 {
		return math.NaN()
	}
	return v[min(int(math.Ceil(share*float64(len(v))))-1, len(v)-1)]
}

// usedBy is the processor time that the threads of a process have used, to the nanosecond where the
// system counts so. /proc/PID/stat counts in ticks of 10 ms, which is the whole goal.
func usedBy(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		return ticksOf(pid)
	}
	var sum time.Duration
	for _, file := range threads {
		data, err := os.ReadFile(file)
		if errors.Is(err, syscall.ESRCH) || os.IsNotExist(err) {
			continue
		}
		var ns int64
		if err == nil {
			_, err = fmt.Sscan(string(data), &ns)
		}
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// ticksOf is what /proc/PID/stat tells (proc_pid_stat(5)).
func ticksOf(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, data)
	}
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err, err2)
}

// residentMemory is the memory of a process that is there now, in bytes, also that of mapped files.
func residentMemory(pid int) (int64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(data), "VmRSS:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); !found || err != nil {
		return 0, fmt.Errorf("/proc/%d/status has no VmRSS", pid)
	}
	return kib << 10, nil
}
