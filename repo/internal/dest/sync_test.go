package dest

import (
	"testing"

	"timemachine/repo/durable"
)

// TestMomentIsOfOneMount: nothing is left to the system where a folder that is made from the
// history is a mount of its own, as /proc is: it may be mounted anew while the rest stays.
func TestMomentIsOfOneMount(t *testing.T) {
	root, err := durable.OpenDir("/")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	here, err := root.Mount("")
	if here == "" {
		t.Skip("the system does not tell one mount from another:", err)
	}
	if proc, err := root.Mount("proc"); err != nil || proc == here {
		t.Skip("/proc is no mount of its own:", err)
	}
	for _, c := range []struct {
		boot    string
		folders []string
		known   bool
	}{
		{"boot", nil, true}, {"boot", []string{"."}, true}, {"boot", []string{"no such folder", "."}, true},
		{"boot", []string{"proc"}, false}, {"boot", []string{".", "proc"}, false}, {"", []string{"."}, false},
	} {
		if m := MomentOf(c.boot, root, c.folders); (m != "") != c.known {
			t.Errorf("boot %q, folders %q: the moment is %q", c.boot, c.folders, m)
		}
	}
}
