package object

import "testing"

// TestDisplaces: a file that is put in the tree displaces a file above it, and the folder that has
// its path.
func TestDisplaces(t *testing.T) {
	trees := trees{}
	e, err := NewEditor(ID{}, trees)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := HashBlob(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"a", "d/e/f", "d/g"} {
		if err := e.Set(path, ModeFile, blob); err != nil {
			t.Fatal(err)
		}
	}
	check := func(when string) {
		t.Helper()
		for path, want := range map[string]bool{"a": false, "a/b": true, "a/b/c": true, "b": false, "d": true, "d/e": true, "d/e/f": false,
			"d/e/f/g": true, "d/e/h": false, "d/h/i": false, "d/g": false, "d/g/x": true, "e/f": false} {
			if got, err := e.Displaces(path); err != nil || got != want {
				t.Errorf("%s, %s: %v, %v", when, path, got, err)
			}
		}
	}
	check("before it is written")
	root, err := e.Write(func(c *Changed) error { trees[c.ID] = append([]byte(nil), c.Raw...); return nil })
	if err != nil {
		t.Fatal(err)
	}
	check("written")
	if e, err = NewEditor(root, trees); err != nil {
		t.Fatal(err)
	}
	check("read")
	if _, err := e.Displaces("a//b"); err == nil {
		t.Error("an empty name is taken")
	}
}

// trees holds raw trees by name.
type trees map[ID][]byte

// ReadTree returns one of them.
func (t trees) ReadTree(id ID) ([]byte, error) { return t[id], nil }
