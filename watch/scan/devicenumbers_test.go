package scan

import (
	"testing"

	"timemachine/watch/disk"
)

// TestDevicesThatChangedPlaces: what number a device had is told by the inodes on it.
func TestDevicesThatChangedPlaces(t *testing.T) {
	at := func(dev, ino uint64) *disk.Stat { return &disk.Stat{Dev: dev, Ino: ino, MtimeSec: 1} }
	u := &Unseen{scan: &Scan{}, cache: newCache()}
	if !u.devices.same(u, 7, 7) || u.devices.same(u, 7, 8) {
		t.Error("where nothing tells, equal numbers are one device")
	}
	u.devices.note(at(1, 10), at(2, 10)) // 1 is 2 now
	u.devices.note(at(5, 10), at(6, 99)) // another file in its place
	for _, test := range []struct {
		before, now uint64
		same        bool
	}{{1, 2, true}, {2, 2, false}, {5, 6, false}, {6, 6, true}} {
		if got := u.devices.same(u, test.before, test.now); got != test.same {
			t.Errorf("%d and now %d: the same device: %v", test.before, test.now, got)
		}
	}
}
