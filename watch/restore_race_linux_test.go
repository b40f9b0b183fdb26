package watch_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/repotest"
	"timemachine/watch"
)

// stranger is the uid and gid of a user that no system has.
const stranger = 54321

// victims are files and folders of root's in a folder of the stranger's.
type victims struct {
	t      *testing.T
	folder string
	names  map[uint32][]string // by kind: those that are not exchanged yet
	known  map[string]bool     // the names that a victim has, or had
	open   []int
	hits   int // exchanges
}

func (v *victims) add(kind uint32, name string) {
	v.t.Helper()
	path := filepath.Join(v.folder, name)
	var err error
	switch kind {
	case unix.S_IFDIR:
		err = os.Mkdir(path, 0o700) // as timemachine makes its own
	default:
		err = os.WriteFile(path, []byte("root's"), 0o600)
	}
	fd := -1
	if err == nil {
		fd, err = unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		v.t.Fatal(err)
	}
	v.open = append(v.open, fd)
	v.names[kind] = append(v.names[kind], path)
	v.known[name] = true
}

// givenAway counts the victims that are no longer root's.
func (v *victims) givenAway() (given int) {
	v.t.Helper()
	for _, fd := range v.open {
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			v.t.Fatal(err)
		}
		if st.Uid != 0 {
			given++
		}
		unix.Close(fd)
	}
	return given
}

// exchange puts a victim in the place of each new name in the folder, with the rights of the
// stranger, until stop is called.
func (v *victims) exchange() (stop func()) {
	v.t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err == nil {
		_, err = unix.InotifyAddWatch(fd, v.folder, unix.IN_CREATE|unix.IN_MOVED_TO)
	}
	if err != nil {
		v.t.Fatal(err)
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer unix.Close(fd)
		runtime.LockOSThread() // the thread ends with the goroutine
		unix.Setfsgid(stranger)
		unix.Setfsuid(stranger)
		buf := make([]byte, 64<<10)
		for {
			select {
			case <-end:
				return
			default:
			}
			size, _ := unix.Read(fd, buf)
			for at := 0; at+unix.SizeofInotifyEvent <= size; {
				e := (*unix.InotifyEvent)(unsafe.Pointer(&buf[at]))
				name := strings.TrimRight(string(buf[at+unix.SizeofInotifyEvent:at+unix.SizeofInotifyEvent+int(e.Len)]), "\x00")
				at += unix.SizeofInotifyEvent + int(e.Len)
				v.exchangeOne(name, e.Mask&unix.IN_ISDIR != 0)
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// exchangeOne exchanges a new name with a victim: a folder with a folder, anything else with a
// file.
func (v *victims) exchangeOne(name string, folder bool) {
	kind := uint32(unix.S_IFREG)
	if folder {
		kind = unix.S_IFDIR
	}
	left := v.names[kind]
	if len(left) == 0 || v.known[name] {
		return
	}
	if unix.Renameat2(unix.AT_FDCWD, left[0], unix.AT_FDCWD, filepath.Join(v.folder, name), unix.RENAME_EXCHANGE) == nil {
		v.names[kind] = left[1:]
		v.known[name] = true
		v.hits++
	}
}

// Before does nothing: a victim comes after an operation.
func (v *victims) Before(*durable.Op) error { return nil }

// After puts a victim in the place of what the operation has made, with the rights of the stranger.
func (v *victims) After(op *durable.Op) {
	path := op.Path
	switch op.Kind {
	case durable.Rename:
		path = op.To
	case durable.Mkdir, durable.Create, durable.Symlink:
	default:
		return
	}
	if filepath.Dir(path) == v.folder {
		runtime.LockOSThread()
		unix.Setfsuid(stranger)
		v.exchangeOne(filepath.Base(path), op.Kind == durable.Mkdir)
		unix.Setfsuid(0)
		runtime.UnlockOSThread()
	}
}

// TestRestoreGivesNothingAway: while root restores links, files and folders of another user's into
// that user's folder, each new name there is exchanged for a file or folder of root's. Root
// gives none of its own away.
func TestRestoreGivesNothingAway(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const each = 80
	want := 400
	if *repotest.Torture {
		want = 10_000
	}
	hits := 0
	for round := 0; hits < want || round < 2; round++ { // both ways
		if round > 20+want/10 {
			t.Fatalf("only %d names were exchanged", hits)
		}
		dir := t.TempDir()
		for _, way := range []string{filepath.Dir(dir), dir} {
			if err := os.Chmod(way, 0o711); err != nil {
				t.Fatal(err)
			}
		}
		w := newWorldIn(t, dir)
		for i := range each {
			w.write(fmt.Sprintf("s%d/f", i), "x")
			w.write(fmt.Sprintf("f%d", i), "x")
			w.check(os.Symlink("nowhere", w.path(fmt.Sprint("l", i))))
		}
		w.check(filepath.WalkDir(w.src, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				err = os.Lchown(path, stranger, stranger)
			}
			return err
		}))
		_, _, err := w.try()
		w.check(err)
		names, err := os.ReadDir(w.src)
		w.check(err)
		for _, name := range names {
			w.check(os.RemoveAll(w.path(name.Name())))
		}
		v := &victims{t: t, folder: w.src, names: map[uint32][]string{}, known: map[string]bool{}}
		for i := range each {
			v.add(unix.S_IFDIR, fmt.Sprint("d", i))
			v.add(unix.S_IFREG, fmt.Sprint("r", 2*i))
			v.add(unix.S_IFREG, fmt.Sprint("r", 2*i+1))
		}
		stop := durable.SetSeam(v) // right after each operation
		if round%2 == 1 {
			stop()
			stop = v.exchange() // at any moment
		}
		_, err = w.restore(history.Point{}, watch.RestoreOptions{}, w.src)
		stop()
		if err != nil {
			t.Log(err)
		}
		if given := v.givenAway(); given > 0 {
			t.Fatalf("round %d, %d exchanged: %d of root's were given away", round, v.hits, given)
		}
		hits += v.hits
	}
	t.Logf("%d names were exchanged", hits)
}
