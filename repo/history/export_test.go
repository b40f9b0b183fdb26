package history

// SetMostEntries makes a log keep n waiting entries whole, until the returned function is called.
func SetMostEntries(n int) (restore func()) {
	before := mostEntries
	mostEntries = n
	return func() { mostEntries = before }
}
