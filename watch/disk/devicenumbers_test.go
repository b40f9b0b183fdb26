package disk

import "testing"

// TestDevicesThatChangedPlaces: what number a device has now is told by the inodes on it.
func TestDevicesThatChangedPlaces(t *testing.T) {
	at := func(dev, ino uint64) *Stat { return &Stat{Dev: dev, Ino: ino, MtimeSec: 1, BirthSec: 1} }
	for _, test := range []struct {
		name  string
		notes [][2]*Stat // before, now
		now   map[uint64]uint64
	}{
		{"where nothing tells, numbers have not changed", nil, map[uint64]uint64{7: 7}},
		{"nor where another file has the place", [][2]*Stat{{at(5, 10), at(6, 99)}}, map[uint64]uint64{5: 5}},
		{"one changed, others are not seen", [][2]*Stat{{at(1, 10), at(2, 10)}}, map[uint64]uint64{1: 2, 2: UnknownDevice, 6: UnknownDevice}},
		{"two changed places", [][2]*Stat{{at(1, 10), at(2, 10)}, {at(2, 10), at(1, 10)}, {at(3, 7), at(3, 7)}}, map[uint64]uint64{1: 2, 2: 1, 3: 3}},
		{"some were seen since", [][2]*Stat{{at(2, 10), at(1, 10)}, {at(1, 11), at(1, 11)}}, map[uint64]uint64{1: UnknownDevice, 2: 1}},
		{"one number on two devices", [][2]*Stat{{at(2, 10), at(1, 10)}, {at(2, 11), at(3, 11)}}, map[uint64]uint64{2: UnknownDevice}},
		{"a device not seen before", [][2]*Stat{{at(UnknownDevice, 10), at(4, 10)}}, map[uint64]uint64{UnknownDevice: UnknownDevice, 4: 4}},
	} {
		var d DeviceNumbers
		for _, n := range test.notes {
			d.Note(n[0], n[1])
		}
		for before, now := range test.now {
			if got := d.Present(before); got != now {
				t.Errorf("%s: %d is %d now, want %d", test.name, before, got, now)
			}
		}
	}
	var d DeviceNumbers
	if d.Note(&Stat{Dev: 1, Ino: 10, MtimeSec: 1}, &Stat{Dev: 2, Ino: 10, MtimeSec: 2}); d.Changed {
		t.Error("equal inode numbers are no proof where it is unknown when the inodes were made")
	}
}
