package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// clockIsUnkept tells whether the kernel knows of nothing that keeps the clock of this machine
// right, such as a time server (adjtimex(2)). In a container it is false: there the clock is the
// host's, and who keeps it cannot be told.
var clockIsUnkept = func() bool {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv", "/run/systemd/container"} {
		if exists(mark) {
			return false
		}
	}
	if link, _ := os.Readlink("/proc/self/ns/pid"); link != machinesPIDs {
		return false
	}
	var t unix.Timex
	_, err := unix.Adjtimex(&t)
	return err == nil && t.Status&unix.STA_UNSYNC != 0
}

// machinesPIDs is the namespace of PIDs that the kernel begins with (PROC_PID_INIT_INO). A
// container has another one.
const machinesPIDs = "pid:[4026531836]"
