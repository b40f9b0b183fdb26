package events

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// The events that fanotify is asked for, and the parts of one (fanotify(7)).
const (
	fanotifyMask = unix.FAN_CREATE | unix.FAN_DELETE | unix.FAN_MOVED_FROM | unix.FAN_MOVED_TO | unix.FAN_MODIFY | unix.FAN_ATTRIB | unix.FAN_ONDIR

	metadataSize = 24
	infoHeader   = 4  // its type, a pad, its length
	handleStart  = 12 // after the header and the id of the file system
	handleHead   = 8  // the handle's length and type
	nameType     = 2  // FAN_EVENT_INFO_TYPE_DFID_NAME

	readEvery = 10 * time.Millisecond // so that the kernel merges what is alike
	maxKnown  = 8192                  // folders whose paths are remembered
)

// fileSystems watches whole file systems by fanotify. An event names a folder by its handle; the
// handle is turned into paths and remembered until a folder is moved.
type fileSystems struct {
	options Options
	fd      int
	file    *os.File // of fd
	ended   sync.WaitGroup
	self    int32

	mu     sync.Mutex
	marked map[uint64]bool        // devices; false: refused
	mounts map[unix.Fsid][]string // mount points of a file system
	places map[int]bool           // ids of these mounts
	known  map[string][]string    // relevant paths of folders, by file system and handle
}

// openFileSystems opens fanotify. It needs root's rights.
func openFileSystems(o Options) (*fileSystems, error) {
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_REPORT_DFID_NAME|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	f := &fileSystems{options: o, fd: fd, file: os.NewFile(uintptr(fd), "fanotify"), self: int32(os.Getpid())}
	f.forget()
	f.ended.Go(f.read)
	return f, nil
}

func (f *fileSystems) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.marked, f.mounts, f.places, f.known = map[uint64]bool{}, map[unix.Fsid][]string{}, map[int]bool{}, map[string][]string{}
}

// watch watches the file system of a folder. It returns false where that refuses. A file system can
// be mounted at several places.
func (f *fileSystems) watch(folder string, dev uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if marked, tried := f.marked[dev]; tried {
		_, mount, err := unix.NameToHandleAt(unix.AT_FDCWD, folder, 0)
		if !marked || err != nil || f.places[mount] {
			return marked
		}
	}
	err := f.mark(folder)
	if err != nil {
		f.options.Log("fanotify cannot watch this file system", "folder", folder, "cause", err.Error())
	}
	f.marked[dev] = err == nil
	return err == nil
}

// mark marks the file system of a folder, if its handles can be turned into paths.
func (f *fileSystems) mark(folder string) error {
	handle, id, err := unix.NameToHandleAt(unix.AT_FDCWD, folder, 0)
	if err != nil {
		return err
	}
	point := mountPoint(folder, id)
	var st unix.Statfs_t
	if err := unix.Statfs(folder, &st); err != nil {
		return err
	}
	if _, err := openHandle(point, handle); err != nil {
		return err
	}
	if err := unix.FanotifyMark(f.fd, unix.FAN_MARK_ADD|unix.FAN_MARK_FILESYSTEM, fanotifyMask, unix.AT_FDCWD, folder); err != nil {
		return err
	}
	f.mounts[st.Fsid], f.places[id] = append(f.mounts[st.Fsid], point), true
	clear(f.known)
	return nil
}

// mountPoint returns where the mount that a folder lies in begins.
func mountPoint(folder string, id int) string {
	for folder != "/" {
		above := filepath.Dir(folder)
		if _, other, err := unix.NameToHandleAt(unix.AT_FDCWD, above, 0); err != nil || other != id {
			break
		}
		folder = above
	}
	return folder
}

var errNoPath = errors.New("the folder has no path here")

// openHandle returns the path of the folder that a handle stands for, below a mount point. Nothing
// stays open: an open folder would keep the file system from being unmounted.
func openHandle(point string, handle unix.FileHandle) (string, error) {
	mount, err := unix.Open(point, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(mount)
	fd, err := unix.OpenByHandleAt(mount, handle, unix.O_PATH|unix.O_CLOEXEC)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	path, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return "", err
	}
	// The path of a deleted folder, or of one outside of what is mounted there, leads elsewhere.
	var st, at unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", err
	}
	if err := unix.Lstat(path, &at); err != nil || at.Ino != st.Ino || at.Dev != st.Dev {
		return "", errNoPath
	}
	return path, nil
}

// read passes events on until the file is closed.
func (f *fileSystems) read() {
	buf := make([]byte, 64<<10)
	for {
		n, err := f.file.Read(buf)
		if err != nil {
			if errors.Is(err, os.ErrClosed) {
				return
			}
			f.options.Lost()
			time.Sleep(time.Second)
			continue
		}
		f.passAll(buf[:n])
		time.Sleep(readEvery)
	}
}

// passAll passes on all events in a buffer.
func (f *fileSystems) passAll(buf []byte) {
	order := binary.NativeEndian
	for len(buf) >= metadataSize {
		size := int(order.Uint32(buf))
		if size < metadataSize || size > len(buf) {
			return
		}
		mask, pid := order.Uint64(buf[8:]), int32(order.Uint32(buf[20:]))
		info := buf[int(order.Uint16(buf[6:])):size]
		buf = buf[size:]
		switch {
		case mask&unix.FAN_Q_OVERFLOW != 0:
			f.options.Lost()
		case pid != f.self:
			f.pass(mask, info)
		}
	}
}

// pass passes on one event, of whose folder and name info tells.
func (f *fileSystems) pass(mask uint64, info []byte) {
	order := binary.NativeEndian
	if len(info) < handleStart+handleHead || info[0] != nameType {
		return
	}
	info = info[:min(len(info), int(order.Uint16(info[2:])))]
	end := handleStart + handleHead + int(order.Uint32(info[handleStart:]))
	if end > len(info) {
		return
	}
	key, name := info[infoHeader:end], info[end:]
	if i := bytes.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	isNew, gone := mask&(unix.FAN_CREATE|unix.FAN_MOVED_TO) != 0, mask&(unix.FAN_DELETE|unix.FAN_MOVED_FROM) != 0
	for _, folder := range f.paths(key) {
		path := folder
		if s := string(name); s != "." {
			path = filepath.Join(folder, s)
		}
		f.options.Changed(Event{Path: path, New: isNew, Gone: gone})
	}
	if mask&unix.FAN_ONDIR != 0 && mask&(unix.FAN_MOVED_FROM|unix.FAN_MOVED_TO) != 0 {
		f.mu.Lock()
		clear(f.known)
		f.mu.Unlock()
	}
}

// paths returns the relevant paths of the folder that the id of a file system and a handle stand
// for.
func (f *fileSystems) paths(key []byte) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if paths, known := f.known[string(key)]; known {
		return paths
	}
	order := binary.NativeEndian
	id := unix.Fsid{Val: [2]int32{int32(order.Uint32(key)), int32(order.Uint32(key[4:]))}}
	handle := unix.NewFileHandle(int32(order.Uint32(key[12:])), key[16:])
	var paths []string
	for _, point := range f.mounts[id] {
		if path, err := openHandle(point, handle); err == nil && f.options.Relevant(path) {
			paths = append(paths, path)
		}
	}
	if len(f.known) >= maxKnown {
		clear(f.known)
	}
	f.known[string(key)] = paths
	return paths
}

func (f *fileSystems) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.mounts)
}

func (f *fileSystems) close() {
	f.file.Close()
	f.ended.Wait()
}
