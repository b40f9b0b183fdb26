package durable

// IsFlocked is false: here the system does not say who holds a lock.
func (d *Dir) IsFlocked(string) bool { return false }
