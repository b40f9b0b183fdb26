package capture

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"timemachine/repo/repotest"
	"timemachine/watch/disk"
)

// TestHolesAsRead changes a sparse file again and again. What a section of it gives, without
// reading what lies in holes, is what reading gives.
func TestHolesAsRead(t *testing.T) {
	const most = 8 << 20
	for _, dir := range []string{t.TempDir(), repotest.InMemory(t)} {
		r := rand.New(rand.NewPCG(7, 8))
		path := filepath.Join(dir, "f")
		told := 0
		for i := range 40 {
			if i%30 == 0 {
				os.Remove(path)
			}
			repotest.ChangeSparse(t, path, r, most)
			f, err := os.Open(path)
			if err != nil {
				t.Skip(err)
			}
			holes := disk.TellsHoles(int(f.Fd()))
			if holes {
				told++
			}
			got, err := io.ReadAll(&section{ctx: t.Context(), f: &sourceFile{fd: int(f.Fd()), path: path, holes: holes}, left: most})
			want, werr := os.ReadFile(path)
			f.Close()
			if err != nil || werr != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s, change %d: not what reading gives (%v, %v)", dir, i, err, werr)
			}
		}
		if told < 15 {
			t.Logf("NOT TESTED IN %s: holes are not asked for there", dir)
		}
	}
}

// TestHolesAreNotRead counts the bytes that are read of a file that is nearly all hole.
func TestHolesAreNotRead(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	path := filepath.Join(t.TempDir(), "f")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, at := range []int64{5 << 20, 100<<20 + 17} {
		if _, err := f.WriteAt([]byte("data"), at); err != nil {
			t.Fatal(err)
		}
	}
	const size = 256 << 20
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if !disk.TellsHoles(int(f.Fd())) {
		t.Skip("NOT TESTED: holes are not asked for here")
	}
	before := bytesRead(t)
	n, err := io.Copy(io.Discard, &section{ctx: t.Context(), f: &sourceFile{fd: int(f.Fd()), path: path, holes: true}, left: size})
	if read := bytesRead(t) - before; err != nil || n != size || read > 4<<20 {
		t.Errorf("%d bytes were read to give %d, %v", read, n, err)
	}
}

// bytesRead is how many bytes this thread has read so far.
func bytesRead(t *testing.T) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/io", unix.Gettid()))
	if err != nil {
		t.Skipf("NOT TESTED: %v", err)
	}
	n, err := strconv.Atoi(string(regexp.MustCompile(`rchar: (\d+)`).FindSubmatch(b)[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
