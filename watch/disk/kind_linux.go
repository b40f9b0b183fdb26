package disk

import "golang.org/x/sys/unix"

// Magic numbers of file systems that package unix has no constant for (linux/magic.h, and the file
// systems' own sources).
const (
	exfatMagic = 0x2011bab0
	ntfs3Magic = 0x7366746e
	ntfsMagic  = 0x5346544e
	cephMagic  = 0x00c36400
)

// kinds are the names of file systems that lack something, or that others than this machine change.
var kinds = map[uint32]string{
	unix.MSDOS_SUPER_MAGIC: "vfat", exfatMagic: "exfat", ntfs3Magic: "ntfs", ntfsMagic: "ntfs",
	unix.TMPFS_MAGIC: "tmpfs", unix.RAMFS_MAGIC: "ramfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay",
	unix.NFS_SUPER_MAGIC: "nfs", unix.SMB_SUPER_MAGIC: "smb", unix.CIFS_SUPER_MAGIC: "smb", unix.SMB2_SUPER_MAGIC: "smb",
	unix.V9FS_MAGIC: "9p", unix.AFS_SUPER_MAGIC: "afs", unix.FUSE_SUPER_MAGIC: "fuse", cephMagic: "ceph",
}

// Kind returns the name of the file system that a path lies on; "" for one that has everything, is
// not known, or cannot be asked.
func Kind(path string) string {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return ""
	}
	return kinds[uint32(st.Type)]
}
