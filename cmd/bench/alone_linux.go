package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// aloneFlag makes this program one that makes the system calls of a run and nothing else, on all
// cores: what it takes, no run can go below.
//
//	bench -alone SOURCE DEST PACK INDEX [CHANGED...]
//
// It lists SOURCE and asks for the state of all in it. Where DEST is not empty, it reads the files
// that are CHANGED, or all where none are given, writes each to DEST with a second name for its
// copy, and PACK and INDEX bytes to the disk as a run does.
const aloneFlag = "-alone"

func alone(args []string) error {
	pack, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	index, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	a := &systemCalls{source: args[0], dest: args[1], changed: map[string]bool{}}
	for _, name := range args[4:] {
		a.changed[name] = true
	}
	if err := a.walk(); err != nil || a.dest == "" {
		return err
	}
	return a.store(pack, index)
}

// systemCalls is one execution with -alone.
type systemCalls struct {
	source, dest string
	changed      map[string]bool

	mu    sync.Mutex
	todo  []string // folders
	busy  int
	first error
}

// walk works on the folders on all cores, each on one.
func (a *systemCalls) walk() error {
	a.todo = []string{a.source}
	var workers sync.WaitGroup
	more := sync.NewCond(&a.mu)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			buf := make([]byte, 64<<10)
			a.mu.Lock()
			defer a.mu.Unlock()
			for {
				for len(a.todo) == 0 && a.busy > 0 {
					more.Wait()
				}
				if len(a.todo) == 0 || a.first != nil {
					more.Broadcast()
					return
				}
				dir := a.todo[len(a.todo)-1]
				a.todo = a.todo[:len(a.todo)-1]
				a.busy++
				a.mu.Unlock()
				below, err := a.folder(dir, buf)
				a.mu.Lock()
				a.busy--
				a.todo, a.first = append(a.todo, below...), errors.Join(a.first, err)
				more.Broadcast()
			}
		})
	}
	workers.Wait()
	return a.first
}

// folder looks at what a folder holds, and writes what is to be written. It returns the folders
// below.
func (a *systemCalls) folder(dir string, buf []byte) (below []string, err error) {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", dir, err)
	}
	defer unix.Close(fd)
	out := outFolder{files: -1, copies: -1}
	defer out.close()
	for {
		n, err := unix.Getdents(fd, buf)
		if n <= 0 || err != nil {
			return below, err
		}
		for b := buf[:n]; len(b) > 0; {
			size := binary.NativeEndian.Uint16(b[16:])
			name := unix.ByteSliceToString(b[19:size])
			b = b[size:]
			if name == "." || name == ".." {
				continue
			}
			var st unix.Statx_t
			if err := unix.Statx(fd, name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st); err != nil {
				return below, fmt.Errorf("statx %q: %w", filepath.Join(dir, name), err)
			}
			path := filepath.Join(dir, name)
			switch {
			case st.Mode&unix.S_IFMT == unix.S_IFDIR:
				below = append(below, path)
			case a.dest != "" && (len(a.changed) == 0 || a.changed[path]):
				if err := a.keep(&out, fd, dir, name); err != nil {
					return below, fmt.Errorf("%q: %w", path, err)
				}
			}
		}
	}
}

// outFolder is a folder's place in files/ and copies/.
type outFolder struct {
	files, copies int // descriptors; -1: not open
	stamp         string
}

func (o *outFolder) close() {
	if o.files >= 0 {
		unix.Close(o.files)
		unix.Close(o.copies)
	}
}

func (o *outFolder) open(a *systemCalls, dir string) (err error) {
	if o.files >= 0 {
		return nil
	}
	places := []*int{&o.files, &o.copies}
	for i, part := range []string{"files", "copies"} {
		path := filepath.Join(a.dest, part, dir)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		if *places[i], err = unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
			return err
		}
	}
	o.stamp = strconv.Itoa(os.Getpid())
	return nil
}

// keep reads a source and writes its file and copy.
func (a *systemCalls) keep(o *outFolder, fd int, dir, name string) error {
	if err := o.open(a, dir); err != nil {
		return err
	}
	from, err := unix.Openat(fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	n, err := unix.Read(from, buf)
	unix.Close(from)
	if err != nil {
		return err
	}
	if err := unix.Unlinkat(o.files, name, 0); err != nil && err != unix.ENOENT {
		return err
	}
	to, err := unix.Openat(o.files, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return err
	}
	_, err = unix.Write(to, buf[:n])
	if err == nil {
		err = unix.UtimesNanoAt(to, "", []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: 1}}, unix.AT_EMPTY_PATH)
	}
	unix.Close(to)
	if err == nil {
		err = unix.Linkat(o.files, name, o.copies, o.stamp+name, 0)
	}
	return err
}

// store writes a pack with its idx, the branch, and the index, each on the disk before it gets its
// name.
func (a *systemCalls) store(pack, index int) error {
	for _, f := range []struct {
		name string
		size int
	}{{"pack", pack}, {"idx", max(1, pack/10)}, {"branch", 41}, {"index", index}} {
		staged := filepath.Join(a.dest, "staged")
		to, err := os.Create(staged)
		if err != nil {
			return err
		}
		piece := make([]byte, 256<<10)
		for left := f.size; left > 0 && err == nil; left -= len(piece) {
			_, err = to.Write(piece[:min(left, len(piece))])
		}
		if err == nil {
			err = to.Sync()
		}
		err = errors.Join(err, to.Close())
		if err == nil {
			err = os.Rename(staged, filepath.Join(a.dest, f.name))
		}
		if err != nil {
			return err
		}
	}
	dir, err := os.Open(a.dest)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
