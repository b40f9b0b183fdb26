package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// launchFlag makes this program a launcher: it starts a command, waits, and writes the cost to
// descriptor 3. The peak memory from wait4(2) includes that of the process which forked, and a
// launcher is small.
const launchFlag = "-launch"

const launchReport = "%d %d\n" // nanoseconds, peak resident bytes

func launch(args []string) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	begun := time.Now()
	err := cmd.Run()
	elapsed := time.Since(begun)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		fmt.Fprintln(os.Stderr, err)
		return 127
	}
	var rss int64
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rss = use.Maxrss
		if runtime.GOOS == "linux" { // counts KiB there, bytes on macOS
			rss <<= 10
		}
	}
	fmt.Fprintf(os.NewFile(3, "report"), launchReport, elapsed, rss)
	return cmd.ProcessState.ExitCode()
}
