package scan

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Where a directory entry (struct linux_dirent64, getdents64(2)) has its length and its name.
const (
	direntLength = 16
	direntName   = 19
)

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
