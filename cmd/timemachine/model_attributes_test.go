package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// modelInline is how many bytes of an attribute a record holds itself.
const modelInline = 4 << 10

// modelXattr is an attribute in a line of text: its name, and its value or the blob that holds a
// long one.
func modelXattr(name, value string) string {
	if len(value) > modelInline {
		return name + "@" + blobName([]byte(value))
	}
	return name + "=" + strconv.Quote(value)
}

// modelXattrs is a text of all attributes.
func modelXattrs(all []string) string {
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// xattrsOf reads the attributes of what is at a path. A link is followed where its target is the
// source.
func xattrsOf(p string, follow bool) (string, error) {
	list, get := unix.Llistxattr, unix.Lgetxattr
	if follow {
		list, get = unix.Listxattr, unix.Getxattr
	}
	names := make([]byte, 64<<10)
	n, err := list(p, names)
	if err != nil {
		if errors.Is(err, unix.ENOTSUP) {
			err = nil
		}
		return "", err
	}
	var all []string
	for name := range strings.SplitSeq(string(names[:n]), "\x00") {
		if name == "" {
			continue
		}
		value := make([]byte, 64<<10)
		n, err := get(p, name, value)
		if err != nil {
			return "", err
		}
		all = append(all, modelXattr(name, string(value[:n])))
	}
	return modelXattrs(all), nil
}

// xattrValues are those that attributes get.
var xattrValues = []string{"", "plain", " spaces ", "a=b", "two\nlines\n", "\x00\xff\x1b", "\"quoted\"", strings.Repeat("long ", 1000)}

// accessList is an access list, as the system keeps it, that gives a user and a group some rights.
func accessList(n int) string {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	entry := func(tag, perm uint16, id uint32) {
		b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, tag), perm)
		b = binary.LittleEndian.AppendUint32(b, id)
	}
	const none = math.MaxUint32
	entry(0x01, 7, none) // the owner
	entry(0x02, uint16(n%8), 1)
	entry(0x04, 5, none) // the group
	entry(0x08, uint16(n/8%8), 54321)
	entry(0x10, 7, none) // the most that all but owner and others get
	entry(0x20, uint16(n/64%2*4), none)
	return string(b)
}

// setAttribute gives a file, folder or link an attribute or an access list, or takes it away.
func (w *modelWorld) setAttribute(s modelStep) {
	p := w.pick(s)
	if s.m%3 == 0 {
		if p = w.pickFolder(s); p == "" {
			return
		}
	}
	info, err := os.Lstat(p)
	if err != nil {
		return
	}
	name, value := fmt.Sprint("user.", []string{"a", "b", "with space", "a=b%"}[s.n%4]), xattrValues[s.m%len(xattrValues)]
	switch {
	case info.Mode()&os.ModeSymlink != 0, s.n%7 == 0 && os.Geteuid() == 0:
		if name = "trusted.a"; os.Geteuid() != 0 {
			return
		}
	case s.n%3 == 0:
		name, value = "system.posix_acl_access", accessList(s.m)
		if info.IsDir() && s.n%2 == 0 {
			name = "system.posix_acl_default"
		}
	}
	if s.n%5 == 0 {
		unix.Lremovexattr(p, name) // fails where there is none
		return
	}
	err = unix.Lsetxattr(p, name, []byte(value), 0)
	if err != nil && !slices.Contains([]error{unix.ENOTSUP, unix.EPERM, unix.EACCES, unix.ENOSPC}, err) {
		w.fail("test", "%s of %s: %v", name, p, err)
	}
}

// modelFolderModes are those that folders get: none in which fs.protected_regular forbids even root
// to write into others' files, and none that would stop a user.
var modelFolderModes = []uint32{0o755, 0o700, 0o711, 0o2755, 0o1755, 0o750}

// pickFolder is pick for folders. Above the destination and the configuration nothing is given to
// others, since nothing would run then.
func (w *modelWorld) pickFolder(s modelStep) string {
	best, least := "", uint64(math.MaxUint64)
	filepath.WalkDir(w.path("w"), func(p string, d os.DirEntry, err error) error {
		switch {
		case w.never(p), p == w.configFolder():
			return fs.SkipDir
		case err != nil, !d.IsDir(), strings.HasPrefix(w.dest, p+"/"), strings.HasPrefix(w.configFolder(), p+"/"):
			return nil
		}
		h := fnv.New64a()
		fmt.Fprint(h, s.n, w.rel(p))
		if sum := h.Sum64(); sum < least || p == w.path(s.a) {
			if best, least = p, sum; p == w.path(s.a) {
				least = 0
			}
		}
		return nil
	})
	return best
}

// changeFolder sets mode or owner of a folder.
func (w *modelWorld) changeFolder(s modelStep) {
	p := w.pickFolder(s)
	if p == "" {
		return
	}
	if s.m%3 == 0 && os.Geteuid() == 0 {
		w.must(os.Lchown(p, []int{0, 1, nobody, 54321}[s.n%4], []int{0, 1, 54321}[s.n/4%3]))
		return
	}
	mode := modelFolderModes[s.n%len(modelFolderModes)]
	if os.Geteuid() == 0 && s.m%5 == 0 {
		mode = []uint32{0, 0o555, 0o777, 0o6111}[s.n%4]
	}
	w.must(unix.Chmod(p, mode))
}
