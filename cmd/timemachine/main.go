package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
)

func main() { os.Exit(runProgram()) }

// How much garbage may pile up before it is collected, in percent of what is in use. Until the first collection it is
// counted from 4 MB, so that comes when 64 MB are in use: a run with little to do ends before it. From then on it is half
// of Go's usual share, which on a first run over 100,000 files saves 50 MB and costs some percent of the time.
const (
	firstShare   = 1600
	garbageShare = 50
)

func delayCollection() {
	debug.SetGCPercent(firstShare)
	runtime.AddCleanup(new([64]byte), func(share int) { debug.SetGCPercent(share) }, garbageShare)
}

// runProgram runs the command line. The first interrupt, or hangup of the terminal, ends the work in an orderly way, the second
// one at once.
func runProgram() int {
	ctx, stop := signal.NotifyContext(context.Background(), notIgnored(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)...)
	defer stop()
	context.AfterFunc(ctx, stop)
	delayCollection()
	return systemApp().execute(ctx)
}

// notIgnored leaves out the signals that this process was started to ignore, as nohup does: to ask for one would undo that.
func notIgnored(signals ...os.Signal) []os.Signal {
	return slices.DeleteFunc(signals, signal.Ignored)
}
