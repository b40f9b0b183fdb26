package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// processMark is the moment in which a running process began; "" for none. No other process has the
// same PID and mark.
func processMark(pid int) string {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(p.Proc.P_pid) != pid {
		return ""
	}
	return fmt.Sprintf("%d.%06d", p.Proc.P_starttime.Sec, p.Proc.P_starttime.Usec)
}
