package packwrite

import (
	"timemachine/repo/git/delta"
	"timemachine/repo/git/object"
)

// worth tells whether a delta saves enough to pay for reading through it.
func worth(delta, whole int) bool { return delta+deltaFrame < whole-whole/4 }

// deltaFrame is the number of bytes of a delta entry beside its instructions: the distance, and the
// frame of a stored block.
const deltaFrame = 16

// AddVersion writes a blob that follows prev in its file's history. It writes a delta where prev is
// in this pack and the delta saves enough, else the whole blob. read gives an object's bytes; where
// read fails the blob is written whole.
func (w *Writer) AddVersion(id, prev object.ID, body []byte, read func(object.ID) ([]byte, error)) error {
	if w.Has(id) {
		return nil
	}
	base, by, ok := w.next(prev)
	if !ok || len(body) <= deltaFrame {
		return w.Add(object.Blob, id, body)
	}
	old, err := read(base)
	if err != nil {
		return w.Add(object.Blob, id, body)
	}
	d := delta.Between(old, body, len(body))
	if d == nil || !worth(len(d), len(body)) {
		return w.Add(object.Blob, id, body)
	}
	return w.addDeltaAt(id, base, d, by)
}
