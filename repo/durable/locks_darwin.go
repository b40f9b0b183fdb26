package durable

// IsFlocked is false: this system does not say which process holds a lock.
func (d *Dir) IsFlocked(string) bool { return false }
