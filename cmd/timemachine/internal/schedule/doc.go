// Package schedule finds what runs timemachine regularly: lines of crontabs, and systemd's timers.
//
// It reads files alone, and asks no daemon. What cannot be read or understood is passed over.
package schedule
