package repo

import (
	"errors"
	"testing"

	"timemachine/repo/git/object"
)

func TestDescent(t *testing.T) {
	stored := map[object.ID][]byte{}
	put := func(entries ...string) object.ID { // name, then the tree's ID; "" is a file
		var raw []byte
		for i := 0; i < len(entries); i += 2 {
			mode := "40000 "
			id := object.ID{1}
			if entries[i+1] == "" {
				mode = "100644 "
			} else {
				id, _ = object.ParseID(entries[i+1])
			}
			raw = append(append(raw, mode+entries[i]+"\x00"...), id[:]...)
		}
		id := object.Hash(object.Tree, raw)
		stored[id] = raw
		return id
	}
	deep := put("file", "")
	left := put("deep", deep.String(), "file", "")
	lost := object.ID{2}
	root := put("left", left.String(), "lost", lost.String(), "right", deep.String())
	reads := 0
	d := &descent{trees: []tree{{id: root}}, read: func(id object.ID) ([]byte, error) {
		reads++
		raw, ok := stored[id]
		if !ok {
			return nil, errors.New("not stored")
		}
		return raw, nil
	}}
	for _, c := range []struct {
		path  string
		want  object.ID
		reads int
	}{
		{"left/deep", deep, 2}, {"left", left, 0}, {"left/deep", deep, 0}, {"left/file", object.ID{}, 0}, {"left/none/x", object.ID{}, 0},
		{"right", deep, 0}, {"", root, 0}, {"lost/x", object.ID{}, 1}, {"lost", lost, 0}, {"right/file", object.ID{}, 1},
	} {
		reads = 0
		got, ok := d.folder(c.path)
		if got != c.want || ok == c.want.IsZero() || reads != c.reads {
			t.Errorf("%q: %s, %v with %d reads; want %s with %d", c.path, got, ok, reads, c.want, c.reads)
		}
	}
}
