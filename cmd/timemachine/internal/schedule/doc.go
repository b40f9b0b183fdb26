// Package schedule finds what runs timemachine regularly: lines of crontabs, and units of systemd.
// It also makes such a schedule, and takes it away.
//
// Find reads files alone, and asks no daemon. What cannot be read or understood is passed over.
// What install has made has a mark, and nothing without it is changed.
package schedule
