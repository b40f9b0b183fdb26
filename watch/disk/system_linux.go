package disk

import (
	"bytes"
	"encoding/binary"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// FolderFlags opens a folder to go through it, which needs no permission to read it.
const FolderFlags = unix.O_PATH | unix.O_DIRECTORY

// NoAtime keeps reading from changing the atime. Only the owner may ask for that, and root.
const NoAtime = unix.O_NOATIME

const statMask = unix.STATX_BASIC_STATS | unix.STATX_BTIME

// StatAt takes the stat of a name in the open folder dir. flags are those of statx(2).
func StatAt(dir int, name string, flags int) (Stat, error) {
	st, _, err := StatLinks(dir, name, flags)
	return st, err
}

// StatLinks is StatAt, and returns how many names the file has.
func StatLinks(dir int, name string, flags int) (Stat, uint64, error) {
	var st unix.Statx_t
	if err := unix.Statx(dir, name, flags|unix.AT_STATX_SYNC_AS_STAT|unix.AT_NO_AUTOMOUNT, statMask, &st); err != nil {
		return Stat{}, 0, err
	}
	return fromStatx(&st), uint64(st.Nlink), nil
}

func fromStatx(st *unix.Statx_t) Stat {
	s := Stat{Dev: unix.Mkdev(st.Dev_major, st.Dev_minor), Ino: st.Ino, Size: int64(st.Size), MtimeSec: st.Mtime.Sec, MtimeNsec: st.Mtime.Nsec,
		CtimeSec: st.Ctime.Sec, CtimeNsec: st.Ctime.Nsec, Mode: uint32(st.Mode), UID: st.Uid, GID: st.Gid}
	if st.Mask&unix.STATX_BTIME != 0 {
		s.BirthSec, s.BirthNsec = st.Btime.Sec, st.Btime.Nsec
	}
	return s
}

// openPlain opens the file or folder at a path where no link is on the way.
func openPlain(name string, flags int) (int, error) {
	how := unix.OpenHow{Flags: uint64(flags | unix.O_CLOEXEC | unix.O_NOCTTY | unix.O_NONBLOCK), Resolve: unix.RESOLVE_NO_SYMLINKS}
	if flags&unix.O_PATH != 0 { // openat2(2) takes no flags that mean nothing with it
		how.Flags = uint64(flags | unix.O_CLOEXEC)
	}
	for {
		fd, err := unix.Openat2(unix.AT_FDCWD, name, &how)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// readLink returns the target and the owner of the link at a name.
func readLink(dir int, name string) (target string, owner uint32, err error) {
	fd, err := OpenAt(dir, name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return "", 0, err
	}
	defer unix.Close(fd)
	st, err := StatFD(fd)
	if err != nil {
		return "", 0, err
	}
	b := make([]byte, unix.PathMax+1)
	n, err := unix.Readlinkat(fd, "", b)
	return string(b[:max(n, 0)]), st.UID, err
}

// StatBuffer is memory that statName uses again.
type StatBuffer = unix.Statx_t

// StatName is StatAt for a name that ends in a zero byte, and it follows no link. It allocates
// nothing.
func StatName(dir int, name []byte, st *StatBuffer) (Stat, error) {
	_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(dir), uintptr(unsafe.Pointer(&name[0])),
		unix.AT_SYMLINK_NOFOLLOW|unix.AT_STATX_SYNC_AS_STAT|unix.AT_NO_AUTOMOUNT, statMask, uintptr(unsafe.Pointer(st)), 0)
	if errno != 0 {
		return Stat{}, errno
	}
	return fromStatx(st), nil
}

// StatFD takes the stat of an open file.
func StatFD(fd int) (Stat, error) { return StatAt(fd, "", unix.AT_EMPTY_PATH) }

// StatLinksFD is StatFD, and returns how many names the file has.
func StatLinksFD(fd int) (Stat, uint64, error) { return StatLinks(fd, "", unix.AT_EMPTY_PATH) }

// StampTime returns the time that the kernel would give a file now as its mtime. It stands still
// between two ticks, and can be behind the clock by more than one where the machine is busy.
func StampTime() time.Time {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &t); err != nil {
		return time.Now()
	}
	return time.Unix(t.Unix())
}

// File systems that package unix has no constant for.
const (
	configfsMagic = 0x62656570
	mqueueMagic   = 0x19800202
)

// pseudo holds the file systems whose content the kernel makes up when it is read.
var pseudo = map[int64]bool{
	unix.PROC_SUPER_MAGIC: true, unix.SYSFS_MAGIC: true, unix.CGROUP_SUPER_MAGIC: true, unix.CGROUP2_SUPER_MAGIC: true,
	unix.DEBUGFS_MAGIC: true, unix.TRACEFS_MAGIC: true, unix.SECURITYFS_MAGIC: true, unix.DEVPTS_SUPER_MAGIC: true,
	unix.PSTOREFS_MAGIC: true, unix.BPF_FS_MAGIC: true, unix.EFIVARFS_MAGIC: true, unix.SELINUX_MAGIC: true,
	unix.BINFMTFS_MAGIC: true, unix.NSFS_MAGIC: true, configfsMagic: true, mqueueMagic: true,
}

// IsPseudo tells whether an open file lies on a file system like /proc.
func IsPseudo(fd int) bool {
	var st unix.Statfs_t
	return unix.Fstatfs(fd, &st) == nil && pseudo[int64(st.Type)]
}

// IsPseudoPath tells whether a path leads to a file on a file system like /proc.
func IsPseudoPath(path string) bool {
	var st unix.Statfs_t
	return unix.Statfs(path, &st) == nil && pseudo[int64(st.Type)]
}

// Offsets of the length and the name in a directory entry (struct linux_dirent64, getdents64(2)).
const (
	direntLength = 16
	direntName   = 19
)

// AppendNames appends the names in the open folder fd, each with a zero byte at its end. It reads
// into buf.
func AppendNames(names []byte, fd int, buf []byte) ([]byte, error) {
	for {
		n, err := unix.ReadDirent(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return names, err
		}
		for rest := buf[:n]; len(rest) > direntName; {
			size := int(binary.NativeEndian.Uint16(rest[direntLength:]))
			if size <= direntName || size > len(rest) {
				break
			}
			name := rest[direntName:size]
			name = name[:bytes.IndexByte(name, 0)+1]
			if s := string(name); s != ".\x00" && s != "..\x00" {
				names = append(names, name...)
			}
			rest = rest[size:]
		}
	}
}
