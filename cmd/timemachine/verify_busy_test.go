package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"timemachine/repo/repotest"
)

// TestVerifyAmongRuns verifies while runs follow one another without a pause. Some are small,
// others write more files than are synced one by one. Nothing is damaged, and verify finds nothing.
func TestVerifyAmongRuns(t *testing.T) {
	d := newDamaged(t)
	watched := filepath.Dir(d.file)
	many := func(round int) {
		for i := range 1 + round%3*20 {
			write(t, filepath.Join(watched, "many", strconv.Itoa(i)), fmt.Appendf(nil, "round %d of file %d", round, i))
		}
	}
	d.check(os.Mkdir(filepath.Join(watched, "many"), 0o700))
	if out, code := d.timemachine("add", filepath.Join(watched, "many")); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	const mostRuns = 400 // where runs are much faster than verify
	stop := make(chan struct{})
	var runs sync.WaitGroup
	count := 0
	runs.Go(func() {
		for ; count < mostRuns; count++ {
			select {
			case <-stop:
				return
			default:
			}
			many(count)
			write(t, d.file, fmt.Appendf(nil, "round %d", count))
			if out, code := d.timemachine(); code != 0 {
				t.Errorf("a run: exit %d: %s", code, out)
				return
			}
		}
	})
	verified := 24
	if testing.Short() {
		verified = 8
	} else if *repotest.Torture {
		verified = 200
	}
	for i := range verified {
		args := []string{"verify", "--quick"}
		if i%4 == 3 {
			args = args[:1]
		}
		if out, code := d.timemachine(args...); code != 0 {
			t.Errorf("%q beside runs: exit %d: %s", args, code, out)
			break
		}
	}
	close(stop)
	runs.Wait()
	t.Logf("%d runs", count)
	if out, code := d.timemachine("verify"); code != 0 {
		t.Errorf("exit %d: %s", code, out)
	}
	repotest.MustCheck(t, d.dest)
}

// TestNoWayBackBesideARun: while a run is active, no command names one that moves the branch. What
// cannot be read then may be on its way from one pack to another.
func TestNoWayBackBesideARun(t *testing.T) {
	t.Parallel()
	for what, damage := range map[string]func(d *damaged){
		"branch empty": func(d *damaged) { d.replace("refs/heads/main", []byte{}) },
		"pack gone":    func(d *damaged) { d.overwriteHalf(d.firstMatch("objects/pack/*.pack")) },
		"tip unknown": func(d *damaged) {
			d.replace("refs/heads/main", []byte(strings.Repeat("1", 40)+"\n"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			d := newDamaged(t)
			damage(d)
			lock, err := os.OpenFile(d.git("timemachine/lock"), os.O_RDWR, 0)
			d.check(err)
			defer lock.Close()
			for _, active := range []bool{true, false} {
				how := syscall.LOCK_EX
				if !active {
					how = syscall.LOCK_UN
				}
				d.check(syscall.Flock(int(lock.Fd()), how))
				hinted := false
				for _, args := range [][]string{{"log"}, {"show", d.file}, {"diff", d.file}, {"verify"}, {"status"}} {
					out, _ := d.timemachine(args...)
					if strings.Contains(out, "update-ref") || strings.Contains(out, "refs/heads/main'") && strings.Contains(out, "echo ") {
						hinted = true
						if active {
							t.Errorf("%q beside a run: %s", args, out)
						}
					}
				}
				if !active && !hinted && what != "pack gone" {
					t.Error("no command names the way back when no run is active")
				}
			}
		})
	}
}
