package scan

import "golang.org/x/sys/unix"

// folderFlags opens a folder to go through it.
const folderFlags = unix.O_RDONLY | unix.O_DIRECTORY

// noAtime is what Linux has against a change of the atime, and this system lacks.
const noAtime = 0

// StatAt takes the stat of a name in the open folder dir. flags are those of fstatat(2).
func StatAt(dir int, name string, flags int) (Stat, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, name, &st, flags); err != nil {
		return Stat{}, err
	}
	return fromStat(&st), nil
}

// statBuffer is memory that statName uses again.
type statBuffer = unix.Stat_t

// statName is StatAt for a name that ends in a zero byte, and it follows no link.
func statName(dir int, name []byte, st *statBuffer) (Stat, error) {
	if err := unix.Fstatat(dir, string(name[:len(name)-1]), st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Stat{}, err
	}
	return fromStat(st), nil
}

// StatFD takes the stat of an open file.
func StatFD(fd int) (Stat, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Stat{}, err
	}
	return fromStat(&st), nil
}

func fromStat(st *unix.Stat_t) Stat {
	return Stat{Dev: uint64(uint32(st.Dev)), Ino: st.Ino, Size: st.Size, MtimeSec: st.Mtim.Sec, MtimeNsec: uint32(st.Mtim.Nsec),
		CtimeSec: st.Ctim.Sec, CtimeNsec: uint32(st.Ctim.Nsec), Mode: uint32(st.Mode), UID: st.Uid, GID: st.Gid,
		BirthSec: st.Btim.Sec, BirthNsec: uint32(st.Btim.Nsec)}
}

// isPseudo tells whether an open file lies on a file system like /proc. This system has none that
// holds files.
func isPseudo(fd int) bool { return false }

// appendNames appends the names in the open folder fd, each with a zero byte at its end. It reads
// into buf.
func appendNames(names []byte, fd int, buf []byte) ([]byte, error) {
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
