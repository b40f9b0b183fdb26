package object

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestLargeTreesAreNamedWhole edits large trees at random, one or more edits between two Writes,
// and compares each name with that of the whole tree.
func TestLargeTreesAreNamedWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, entries := range []int{400, 500, 2000} { // 14, 17 and 70 KiB
		e, err := NewEditor(ID{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		names := 0
		check := func(c *Changed) error {
			names++
			if want := Hash(Tree, c.Raw); c.ID != want {
				return fmt.Errorf("tree %q of %d bytes: %s, want %s", c.Path, len(c.Raw), c.ID, want)
			}
			return nil
		}
		set := func(path string) error {
			return e.Set(path, ModeFile, ID{byte(r.Int()), byte(r.Int()), byte(r.Int())})
		}
		for i := range entries {
			if err := set(fmt.Sprintf("large/name%05d", i)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2000 {
			for range 1 + r.IntN(3)/2 {
				path := fmt.Sprintf("large/name%05d", r.IntN(entries))
				switch r.IntN(20) {
				case 0:
					err = e.Remove(path)
				case 1:
					err = set(path + "x")
				case 2:
					err = e.Set(path, ModeExec, ID{1})
				default:
					err = set(path)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if _, err := e.Write(check); err != nil {
				t.Fatal(err)
			}
		}
		if names < 2000 {
			t.Fatalf("%d trees were named", names)
		}
	}
}
