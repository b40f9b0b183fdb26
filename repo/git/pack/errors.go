package pack

import "errors"

// Errors that callers tell apart with errors.Is; each comes wrapped with the object's or the pack's name.
var (
	// ErrNotFound is returned for an object that no pack and no loose file holds.
	ErrNotFound = errors.New("object not found")
	// ErrDamaged is returned where a pack, idx or loose object is not what git could have written, or could not be
	// read to its end.
	ErrDamaged = errors.New("damaged")
	// ErrTooBig is returned for an object that would take more memory than StoreOptions.MaxBytes.
	ErrTooBig = errors.New("object too big for memory")
	// ErrShort is returned by Writer.AddStream when the reader ended before the announced size.
	ErrShort = errors.New("content shorter than announced")
	// ErrNoIdx is what Check says of a pack that has no idx, so that nobody sees its objects.
	ErrNoIdx = errors.New("its .idx file is missing")
	// ErrNoBase is returned by Writer.AddDelta for a base that is not in the pack.
	ErrNoBase = errors.New("delta base not in pack")
)
