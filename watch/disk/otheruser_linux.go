package disk

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// OtherUser is what the system lets another user read. It asks on one thread that has that user's
// rights on files, and none of root's. Several goroutines may use it. Root alone can make one.
type OtherUser struct{ ask chan question }

// question is looks to take, and who waits for them.
type question struct {
	looks []Look
	done  chan struct{}
}

// NewOtherUser returns what the system lets a user read who belongs to some groups, of which the
// first is the primary one.
func NewOtherUser(uid int, groups []int) (*OtherUser, error) {
	u := &OtherUser{ask: make(chan question)}
	ready := make(chan error)
	go u.serve(uid, groups, ready)
	return u, <-ready
}

// serve answers questions on a thread of its own, which ends with it.
func (u *OtherUser) serve(uid int, groups []int, ready chan<- error) {
	runtime.LockOSThread() // and never unlocked: no other goroutine gets the thread
	err := becomeOnFiles(uid, groups)
	ready <- err
	if err != nil {
		return
	}
	for q := range u.ask {
		for i := range q.looks {
			q.looks[i].Err = q.looks[i].take()
		}
		close(q.done)
	}
}

// Close ends the thread.
func (u *OtherUser) Close() { close(u.ask) }

// LookAt takes all looks, which costs little more than one: it waits for the thread once.
func (u *OtherUser) LookAt(looks []Look) {
	q := question{looks: looks, done: make(chan struct{})}
	u.ask <- q
	<-q.done
}

// becomeOnFiles gives this thread the rights on files of a user. The functions of package syscall
// would change all threads, and the system does not say where it refuses.
func becomeOnFiles(uid int, groups []int) error {
	list := make([]uint32, len(groups))
	for i, gid := range groups {
		list[i] = uint32(gid)
	}
	if unsafe.Sizeof(uintptr(0)) < 8 { // this call takes shorter numbers there
		list = nil
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(list)), uintptr(unsafe.Pointer(unsafe.SliceData(list))), 0); errno != 0 {
		return fmt.Errorf("setgroups: %w", errno)
	}
	if err := setFileID("setfsgid", unix.SetfsgidRetGid, groups[0]); err != nil {
		return err
	}
	return setFileID("setfsuid", unix.SetfsuidRetUid, uid)
}

func setFileID(name string, set func(int) (int, error), id int) error {
	_, err := set(id)
	if err == nil {
		var now int
		if now, err = set(-1); err == nil && now != id {
			err = unix.EPERM
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// take asks the system with the rights of this thread.
func (l *Look) take() error {
	flags := unix.O_PATH | unix.O_CLOEXEC
	if !l.Follow {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := unix.Open(l.Path, flags, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if l.Stat, err = StatFD(fd); err != nil || l.Stat.IsLink() {
		return err
	}
	empty := [1]byte{}
	_, _, errno := unix.Syscall6(unix.SYS_FACCESSAT2, uintptr(fd), uintptr(unsafe.Pointer(&empty)), unix.R_OK, unix.AT_EMPTY_PATH|unix.AT_EACCESS, 0, 0)
	switch errno {
	case 0:
		return nil
	case unix.ENOSYS, unix.EPERM: // before Linux 5.8, or forbidden in a container
		return mayOpen(fd)
	}
	return errno
}

// mayOpen opens a regular file that is open as a mere path.
func mayOpen(fd int) error {
	again, err := unix.Open(fmt.Sprintf("/proc/thread-self/fd/%d", fd), unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err == nil {
		unix.Close(again)
	}
	return err
}
