package packwrite

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/repotest"
)

// TestLargeOffsets checks the table of 64-bit offsets with a list of entries alone: no pack of 2
// GiB is written.
func TestLargeOffsets(t *testing.T) {
	w := &Writer{done: true}
	want := map[object.ID]int64{}
	for i, offset := range []int64{12, 1<<31 - 1, 1 << 31, 1<<32 + 5, 1 << 40} {
		id := object.ID{byte(i * 50), 7}
		w.entries.add(packed{id: id, offset: offset})
		want[id] = offset
	}
	var b bytes.Buffer
	if err := w.WriteIdx(&b); err != nil {
		t.Fatal(err)
	}
	git := exec.Command("git", "show-index")
	git.Stdin = &b
	out, err := git.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line) // offset, name, CRC-32
		id, err := object.ParseID(fields[1])
		if err != nil || fields[0] != fmt.Sprint(want[id]) {
			t.Errorf("git reads %q, want offset %d", line, want[id])
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("git does not list %v", want)
	}
}

// TestAddLater: what is left to another goroutine is in the pack by the time of Finish, and who
// abandons the pack waits for that goroutine, whether it has begun or not.
func TestAddLater(t *testing.T) {
	for n := range 3 * lateBatch {
		f, err := os.CreateTemp(repotest.InMemory(t), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w, err := NewWriter(f, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var ids []object.ID
		for i := range n {
			body := fmt.Appendf(nil, "%d of %d", i, n)
			ids = append(ids, object.Hash(object.Blob, body))
			w.AddLater(object.Blob, ids[i], body)
		}
		if n%2 == 0 {
			w.Abandon()
			w.Abandon()
		}
		if _, err := w.Finish(); err != nil || w.Count() != n {
			t.Fatalf("%d of %d objects, %v", w.Count(), n, err)
		}
		for _, id := range ids {
			if !w.Has(id) {
				t.Fatalf("%s of %d is missing", id, n)
			}
		}
	}
}
