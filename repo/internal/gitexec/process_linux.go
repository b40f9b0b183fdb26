package gitexec

import "golang.org/x/sys/unix"

// processAttributes give git a process group of its own, and end it with this process.
func processAttributes() *unix.SysProcAttr {
	return &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGTERM}
}
