package main

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// processUser is the user that a running process has, and the name of its program; -1 for none.
func processUser(pid int) (uid int, name string) {
	folder := "/proc/" + strconv.Itoa(pid)
	var st unix.Stat_t
	comm, err := os.ReadFile(folder + "/comm")
	if err != nil || unix.Stat(folder, &st) != nil {
		return -1, ""
	}
	return int(st.Uid), string(comm)
}

// parentOf is the process that started a process; 0 for none.
func parentOf(pid int) int {
	fields := processFields(pid)
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// processMark is the boot and the tick of the clock in which a running process began; "" for none.
// No other process has the same PID and mark.
func processMark(pid int) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	fields := processFields(pid)
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + fields[19]
}

// isStopped tells whether a signal keeps a process from going on.
func isStopped(pid int) bool {
	fields := processFields(pid)
	return len(fields) > 0 && fields[0] == "T"
}

// processFields are those of proc_pid_stat(5) after the name, which may hold anything: from the
// third on. nil: there is no such process.
func processFields(pid int) []string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil
	}
	return strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
}
