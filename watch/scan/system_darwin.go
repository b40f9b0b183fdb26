package scan

import "golang.org/x/sys/unix"

// folderFlags opens a folder to go through it.
const folderFlags = unix.O_RDONLY | unix.O_DIRECTORY

func StatAt(dir int, name string, flags int) (Stat, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, name, &st, flags); err != nil {
		return Stat{}, err
	}
	return fromStat(&st), nil
}

// statBuffer is what the kernel writes to.
type statBuffer = unix.Stat_t

// statName is statAt of a name in an open folder, with the zero byte at its end, not following a
// link.
func statName(dir int, name []byte, st *statBuffer) (Stat, error) {
	if err := unix.Fstatat(dir, string(name[:len(name)-1]), st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Stat{}, err
	}
	return fromStat(st), nil
}

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

// isPseudo tells whether fd lies on a file system that the kernel makes up: there is none here that
// holds files.
func isPseudo(fd int) bool { return false }

// appendNames appends to names those of all that the open folder fd holds, each followed by a zero
// byte. buf is room to read into.
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
