package scan

import "golang.org/x/sys/unix"

// appendNames appends to names those of all that the open folder fd holds, each followed by a zero byte. buf is room to
// read into.
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
