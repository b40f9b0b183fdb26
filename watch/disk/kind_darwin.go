package disk

import "golang.org/x/sys/unix"

// kinds are the names of file systems that lack something, or that others than this machine change.
var kinds = map[string]string{"msdos": "vfat", "exfat": "exfat", "ntfs": "ntfs", "nfs": "nfs", "smbfs": "smb", "afpfs": "afs", "webdav": "fuse"}

// Kind returns the name of the file system that a path lies on; "" for one that has everything, is
// not known, or cannot be asked.
func Kind(path string) string {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return ""
	}
	return kinds[unix.ByteSliceToString(st.Fstypename[:])]
}
