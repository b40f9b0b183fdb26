package disk

import (
	"time"

	"golang.org/x/sys/unix"
)

// FolderFlags opens a folder to go through it.
const FolderFlags = unix.O_RDONLY | unix.O_DIRECTORY

// NoAtime is what Linux has against a change of the atime, and this system lacks.
const NoAtime = 0

// StatAt takes the stat of a name in the open folder dir. flags are those of fstatat(2).
func StatAt(dir int, name string, flags int) (Stat, error) {
	st, _, err := StatLinks(dir, name, flags)
	return st, err
}

// StatLinks is StatAt, and returns how many names the file has.
func StatLinks(dir int, name string, flags int) (Stat, uint64, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, name, &st, flags); err != nil {
		return Stat{}, 0, err
	}
	return fromStat(&st), uint64(st.Nlink), nil
}

// openPlain cannot tell here whether a link is on the way.
func openPlain(name string, flags int) (int, error) { return -1, unix.ENOSYS }

// readLink returns the target and the owner of the link at a name, which stayed the same meanwhile.
func readLink(dir int, name string) (target string, owner uint32, err error) {
	before, err := StatAt(dir, name, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return "", 0, err
	}
	b := make([]byte, unix.PathMax+1)
	n, err := unix.Readlinkat(dir, name, b)
	if err != nil {
		return "", 0, err
	}
	after, err := StatAt(dir, name, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && after != before {
		err = unix.ESTALE
	}
	return string(b[:n]), before.UID, err
}

// StatBuffer is memory that StatName uses again.
type StatBuffer = unix.Stat_t

// StatName is StatAt for a name that ends in a zero byte, and it follows no link.
func StatName(dir int, name []byte, st *StatBuffer) (Stat, error) {
	if err := unix.Fstatat(dir, string(name[:len(name)-1]), st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Stat{}, err
	}
	return fromStat(st), nil
}

// StampTime returns the time that the kernel would give a file now as its mtime.
func StampTime() time.Time { return time.Now() }

// StatFD takes the stat of an open file.
func StatFD(fd int) (Stat, error) {
	st, _, err := StatLinksFD(fd)
	return st, err
}

// StatLinksFD is StatFD, and returns how many names the file has.
func StatLinksFD(fd int) (Stat, uint64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Stat{}, 0, err
	}
	return fromStat(&st), uint64(st.Nlink), nil
}

func fromStat(st *unix.Stat_t) Stat {
	return Stat{Dev: uint64(uint32(st.Dev)), Ino: st.Ino, Size: st.Size, MtimeSec: st.Mtim.Sec, MtimeNsec: uint32(st.Mtim.Nsec),
		CtimeSec: st.Ctim.Sec, CtimeNsec: uint32(st.Ctim.Nsec), Mode: uint32(st.Mode), UID: st.Uid, GID: st.Gid,
		BirthSec: st.Btim.Sec, BirthNsec: uint32(st.Btim.Nsec)}
}

// IsPseudo tells whether an open file lies on a file system like /proc. This system has none that
// holds files.
func IsPseudo(fd int) bool { return false }

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
		_, _, some := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range some {
			names = append(append(names, name...), 0)
		}
	}
}

// IsPseudoPath is IsPseudo for a path.
func IsPseudoPath(path string) bool { return false }
