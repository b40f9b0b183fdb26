package watch_test

import (
	"fmt"
	"testing"

	"timemachine/repo"
	"timemachine/repo/verify"
)

// TestVerifyKeepsToItsTotal: the total that verify tells first holds until it is reached.
func TestVerifyKeepsToItsTotal(t *testing.T) {
	w := newWorld(t)
	for i := range 300 {
		w.write(fmt.Sprint("d/", i), fmt.Sprint(i))
	}
	w.run(300)
	r, err := repo.Open(w.dest, repo.Options{Boot: w.boot})
	w.check(err)
	writer, err := r.TryLock(repo.WriteOptions{})
	w.check(err)
	tip, err := writer.Start(t.Context())
	w.check(err)
	_, err = writer.Compact(t.Context(), tip)
	w.check(err)
	w.check(r.Close())
	total, last := int64(0), int64(0)
	_, sum := w.verify(verify.Options{Progress: func(done, of int64) {
		if total == 0 {
			total = of
		}
		if of != total || done > of {
			t.Errorf("%d of %d, after %d of %d", done, of, last, total)
		}
		last = done
	}})
	if last != total || total != sum.Objects+sum.Versions {
		t.Errorf("it ends at %d of %d: %d objects and %d versions", last, total, sum.Objects, sum.Versions)
	}
}
