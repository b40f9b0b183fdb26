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

func main() { os.Exit(start()) }

// How much garbage may pile up before it is collected, in percent of what is in use. Until the first collection it is
// counted from 4 MB, so that comes when 64 MB are in use: a run with little to do ends before it. From then on it is half
// of Go's usual share, which on a first run over 100,000 files saves 50 MB and costs some percent of the time.
const (
	firstShare   = 1600
	garbageShare = 50
)

func collectLate() {
	debug.SetGCPercent(firstShare)
	runtime.AddCleanup(new([64]byte), func(share int) { debug.SetGCPercent(share) }, garbageShare)
}

// start runs the command line. The first interrupt, or hangup of the terminal, ends the work in an orderly way, the second
// one at once.
func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), heeded(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)...)
	defer stop()
	context.AfterFunc(ctx, stop)
	collectLate()
	return systemApp().execute(ctx)
}

// heeded leaves out the signals that this process was started to ignore, as nohup does: to ask for one would undo that.
func heeded(signals ...os.Signal) []os.Signal {
	return slices.DeleteFunc(signals, signal.Ignored)
}
