package object

import "errors"

// Errors that callers tell apart with errors.Is; each comes wrapped with the object's or the pack's
// name.
var (
	// ErrNotFound is returned for an object that no pack and no loose file holds.
	ErrNotFound = errors.New("object not found")
	// ErrDamaged is returned where a pack, idx or loose object is not what git could have written,
	// or could not be read to its end.
	ErrDamaged = errors.New("damaged")
	// ErrTooBig is returned for an object that would take more memory than its reader allows.
	ErrTooBig = errors.New("object too big for memory")
)
