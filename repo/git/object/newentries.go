package object

import "bytes"

// NewEntries calls visit for each entry of the raw tree b that the raw tree a does not hold with
// the same name, mode and ID. before is the ID of a's entry of that name, zero for none; the entry
// of a folder comes before none but a folder's. Trees that are out of order give too many entries,
// never too few. Errors: visit's, and one for a tree that is malformed.
func NewEntries(a, b []byte, visit func(e TreeEntry, before ID) error) error {
	x, y := treeCursor{raw: a}, treeCursor{raw: b}
	for len(y.rest()) > 0 {
		// All but a few entries are the same in both.
		old, err := skipEqual(&x, &y)
		if err != nil || len(y.rest()) == 0 {
			return err
		}
		e, err := cutEntry(b, y.at)
		if err != nil {
			return err
		}
		order := 1
		if old.raw != nil {
			order = CompareNames(old.name, old.mode.IsTree(), e.name, e.mode.IsTree())
		}
		if order < 0 {
			x.at = old.end
			continue
		}
		var before ID
		if order == 0 {
			before, x.at = ID(a[old.id:old.end]), old.end
		}
		y.at = e.end
		if err := visit(e.entry(), before); err != nil {
			return err
		}
		if bytes.Equal(x.rest(), y.rest()) {
			return nil
		}
	}
	return nil
}

// skipEqual moves both cursors behind the entries that they have in common, and returns the entry
// of x that follows; its raw is nil at the end.
func skipEqual(x, y *treeCursor) (rawEntry, error) {
	for len(x.rest()) > 0 {
		e, err := cutEntry(x.raw, x.at)
		if err != nil {
			return e, err
		}
		if !bytes.HasPrefix(y.rest(), x.raw[x.at:e.end]) {
			return e, nil
		}
		x.at, y.at = e.end, y.at+e.end-x.at
	}
	return rawEntry{}, nil
}
