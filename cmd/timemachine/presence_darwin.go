package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// processUser is the user that a running process has, and the name of its program; -1 for none.
func processUser(pid int) (uid int, name string) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(p.Proc.P_pid) != pid {
		return -1, ""
	}
	return int(p.Eproc.Ucred.Uid), unix.ByteSliceToString(p.Proc.P_comm[:])
}

// parentOf is the process that started a process; 0 for none.
func parentOf(pid int) int {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(p.Proc.P_pid) != pid {
		return 0
	}
	return int(p.Eproc.Ppid)
}

// stopped is SSTOP of sys/proc.h.
const stopped = 4

// isStopped tells whether a signal keeps a process from going on.
func isStopped(pid int) bool {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	return err == nil && int(p.Proc.P_pid) == pid && p.Proc.P_stat == stopped
}

// processMark is the moment in which a running process began; "" for none. No other process has the
// same PID and mark.
func processMark(pid int) string {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(p.Proc.P_pid) != pid {
		return ""
	}
	return fmt.Sprintf("%d.%06d", p.Proc.P_starttime.Sec, p.Proc.P_starttime.Usec)
}
