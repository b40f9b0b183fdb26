package repotest

import (
	"math/rand/v2"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// ChangeSparse changes the sparse file at path in some ways: it writes at places that are aligned
// to nothing, through a mapping too, reserves space, makes holes, and cuts the file off or
// lengthens it, up to most bytes. What a file system cannot do is left out.
func ChangeSparse(t *testing.T, path string, r *rand.Rand, most int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 1 + r.IntN(12) {
		at, n := r.Int64N(most), 1+r.Int64N(2<<20)
		if r.IntN(2) == 0 {
			n = 1 + r.Int64N(5000)
		}
		n = min(n, most-at)
		st, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		switch r.IntN(7) {
		case 0, 1, 2:
			body := make([]byte, n)
			for i := range body {
				body[i] = byte(r.Uint32() | 1)
			}
			_, err = f.WriteAt(body, at)
		case 3:
			if page := at &^ 4095; page+4096 <= st.Size() {
				var b []byte
				if b, err = unix.Mmap(int(f.Fd()), page, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
					b[at-page] = 'm'
					err = unix.Munmap(b)
				}
			}
		case 4:
			unix.Fallocate(int(f.Fd()), 0, at, n)
		case 5:
			unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, n)
		case 6:
			err = f.Truncate(most/2 + r.Int64N(most/2))
		}
		if err == nil && r.IntN(10) == 0 {
			err = f.Sync()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
