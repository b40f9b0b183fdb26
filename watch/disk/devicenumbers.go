package disk

// DeviceNumbers tells which numbers the devices of the last scan have now. Numbers change with a
// reboot, and disks change places. A source that is the same inode as before, on a device with
// another number, tells that of its device.
type DeviceNumbers struct {
	Changed bool                       // a device has another number than before
	before  map[uint64]map[uint64]bool // by the present number
}

// UnknownDevice is the number of a device that was not seen when numbers changed.
const UnknownDevice = 0

// Note takes into account a source that was found.
func (d *DeviceNumbers) Note(before, now *Stat) {
	there := *now
	there.Dev = before.Dev
	unknown := before.Dev == UnknownDevice || now.Dev == UnknownDevice
	if unknown || !before.SameInode(&there) || d.before[now.Dev][before.Dev] {
		return
	}
	if d.before == nil {
		d.before = map[uint64]map[uint64]bool{}
	}
	if d.before[now.Dev] == nil {
		d.before[now.Dev] = map[uint64]bool{}
	}
	d.before[now.Dev][before.Dev] = true
	d.Changed = d.Changed || before.Dev != now.Dev
}

// Present returns the number that a device has now. Unless a source tells that numbers have
// changed, it is the number before. Where no source tells, or sources contradict each other since
// some were seen between the change and now, it is UnknownDevice.
func (d *DeviceNumbers) Present(before uint64) uint64 {
	if !d.Changed {
		return before
	}
	found := uint64(UnknownDevice)
	for present, numbers := range d.before {
		if !numbers[before] {
			continue
		}
		if found != UnknownDevice || before == present && len(numbers) > 1 {
			return UnknownDevice
		}
		found = present
	}
	return found
}
