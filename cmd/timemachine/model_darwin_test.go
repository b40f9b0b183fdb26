package main

import (
	"cmp"
	"os"
	"syscall"
	"time"
)

func changeTime(st *syscall.Stat_t) time.Time { return time.Unix(st.Ctimespec.Unix()) }

// exchangeNames lets two names change places, one after the other.
func exchangeNames(a, b, aside string) error {
	return cmp.Or(os.Rename(a, aside), os.Rename(b, a), os.Rename(aside, b))
}
