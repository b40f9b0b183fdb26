package dest

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/refusal"
)

// TestLockGivesUp: whoever can open the lock can hold it, for reading too. Lock says at once that
// it waits and for whom, and gives up in the end.
func TestLockGivesUp(t *testing.T) {
	for name, how := range map[string]int{"exclusive": unix.LOCK_EX, "shared": unix.LOCK_SH} {
		t.Run(name, func(t *testing.T) {
			state, err := durable.OpenDir(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer state.Close()
			file := state.Path(runstate.LockName)
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := unix.Flock(int(f.Fd()), how); err != nil {
				t.Fatal(err)
			}
			holders := []int{}
			d := New("/dest", Options{LockPatience: 50 * time.Millisecond, Waiting: func(holder int, _ time.Duration) { holders = append(holders, holder) }})
			d.StateDir = state
			err = d.Lock(context.Background())
			var refused *refusal.Error
			if !errors.As(err, &refused) || refused.Kind != refusal.Locked || refused.Remedy.Kind != refusal.RetryUnlocked || !strings.Contains(err.Error(), "has kept destination /dest locked for") {
				t.Errorf("%v", err)
			}
			if pid := state.FlockHolder(runstate.LockName); pid != 0 && (len(holders) != 1 || holders[0] != pid || pid != os.Getpid()) {
				t.Errorf("waits for %v, and %d holds the lock", holders, pid)
			}
			interrupted, cancel := context.WithCancel(context.Background())
			cancel()
			if err := d.Lock(interrupted); !errors.Is(err, context.Canceled) {
				t.Errorf("interrupted: %v", err)
			}
			f.Close()
			if err := d.Lock(context.Background()); err != nil || len(holders) != 2 {
				t.Errorf("free: %v, waited %d times", err, len(holders))
			}
			d.lock.Close()
		})
	}
}
