package dest

import (
	"slices"
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
	names, err := root.Names()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(names, func(name string) bool { its, err := root.Mount(name); return its == here && err == nil })
	if i < 0 {
		t.Skip("everything in / is a mount of its own")
	}
	beside := names[i]
	for _, c := range []struct {
		boot    string
		folders []string
		known   bool
	}{
		{"boot", nil, true}, {"boot", []string{beside}, true}, {"boot", []string{"no such folder", beside}, true},
		{"boot", []string{"proc"}, false}, {"boot", []string{beside, "proc"}, false}, {"", []string{beside}, false},
	} {
		if m := MomentOf(c.boot, root, c.folders); (m != "") != c.known {
			t.Errorf("boot %q, folders %q: the moment is %q", c.boot, c.folders, m)
		}
	}
}
