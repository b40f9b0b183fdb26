package scan

import "timemachine/watch/disk"

// deviceNumbers tells which numbers the devices of now had at the last scan. Numbers change with a
// reboot, and disks change places. A source that is the same inode as before, on a device with
// another number, tells what number that device had.
type deviceNumbers struct {
	before    map[uint64]map[uint64]bool // by the present number
	unchanged bool                       // before also has the devices of unchanged sources
}

// note takes a source that the scan found into account.
func (d *deviceNumbers) note(before, now *disk.Stat) {
	same := before.Ino == now.Ino && before.BirthSec == now.BirthSec && before.BirthNsec == now.BirthNsec
	if before.IsZero() || now.IsZero() || !same || d.before[now.Dev][before.Dev] {
		return
	}
	if d.before == nil {
		d.before = map[uint64]map[uint64]bool{}
	}
	if d.before[now.Dev] == nil {
		d.before[now.Dev] = map[uint64]bool{}
	}
	d.before[now.Dev][before.Dev] = true
}

// same tells whether a device that had the number before has the number now. Where no source tells,
// equal numbers are the same device.
func (d *deviceNumbers) same(u *Unseen, before, now uint64) bool {
	if !d.unchanged {
		d.unchanged = true
		for i, m := range u.scan.cached.marks {
			if m&unchanged != 0 {
				st := decodeStat(u.cache.base.record(i))
				d.note(&st, &st)
			}
		}
	}
	if known := d.before[now]; len(known) > 0 {
		return known[before]
	}
	return before == now
}
