package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"sync/atomic"
	"syscall"

	"golang.org/x/term"

	"timemachine/cmd/timemachine/internal/terminal"
)

func main() { os.Exit(runProgram()) }

// The garbage collector runs when the memory in use has grown by garbageShare percent or by
// mostGarbage, but not before it is leastHeap: a run with little to do ends before. It takes time
// in proportion to the memory in use, so that may always grow by leastShare percent. Go's usual
// share is 100.
const (
	garbageShare = 50
	mostGarbage  = 16 << 20
	leastShare   = 25
	leastHeap    = 32 << 20
)

// paceCollection says when the garbage collector runs, again after each time it has run.
func paceCollection(int) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(garbagePercent(live[0].Value.Uint64()))
	runtime.AddCleanup(new([64]byte), paceCollection, 0)
}

// garbagePercent returns by how many percent the memory in use, in bytes, may grow.
func garbagePercent(used uint64) int {
	used = max(used, 4<<20) // as Go counts at least
	share := max(min(garbageShare, 100*mostGarbage/used), leastShare)
	if used < leastHeap {
		share = max(share, 100*(leastHeap-used)/used)
	}
	return int(share)
}

// runProgram runs the command line. The first interrupt, or a hangup of the terminal, ends the work
// in an orderly way; a second interrupt ends it at once.
func runProgram() int {
	ctx, stop := signal.NotifyContext(context.Background(), notIgnored(os.Interrupt, syscall.SIGTERM)...)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	context.AfterFunc(ctx, stop)
	paceCollection(0)
	a := systemApp()
	terminal.SetCharset(a.lookup)
	a.hangups = listenForHangups(cancel)
	return a.execute(ctx)
}

// hangups passes on the hangup signal. It ends the work, unless a command takes it for something
// else and the terminal is still there.
type hangups struct {
	taken chan struct{}
	takes atomic.Bool
}

// errHangup is the cause for which a hangup ends the work.
var errHangup = errors.New("hangup: its terminal was closed")

// listenForHangups calls end for a hangup that no command takes. More of them change nothing: a
// terminal that is closed sends one, and so do the shell and the terminal's program.
func listenForHangups(end context.CancelCauseFunc) *hangups {
	h := &hangups{taken: make(chan struct{}, 1)}
	if signal.Ignored(syscall.SIGHUP) {
		return h
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	hadTerminal := hasTerminal()
	go func() {
		for range c {
			if !h.takes.Load() || hadTerminal && !hasTerminal() {
				end(errHangup)
				continue
			}
			select {
			case h.taken <- struct{}{}:
			default: // one is waiting
			}
		}
	}()
	return h
}

// hasTerminal tells whether the process has a terminal that can send it signals, wherever its
// output goes.
func hasTerminal() bool {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return term.IsTerminal(int(f.Fd()))
}

// take takes all hangups from now on. A nil h has none.
func (h *hangups) take() <-chan struct{} {
	if h == nil {
		return nil
	}
	h.takes.Store(true)
	return h.taken
}

// notIgnored leaves out the signals that the parent made this process ignore, as nohup does. To ask
// for such a signal would undo that.
func notIgnored(signals ...os.Signal) []os.Signal {
	return slices.DeleteFunc(signals, signal.Ignored)
}
