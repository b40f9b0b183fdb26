// Package trust tells whether another user can put something else at a path.
//
// What it finds holds for as long as nobody who may changes the folders on the way, so that it
// serves for programs that are given a path, such as git. timemachine's own reading and writing
// goes by open folders (package durable).
package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// IsExchangeable tells whether a user who is neither root nor the owner can rename on the way to a
// path: in one of the folders above it, or above where a link on the way leads.
func IsExchangeable(path string, owner uint32) bool { return ExchangeableIn(path, owner) != "" }

// ExchangeableIn is the first folder for which IsExchangeable is true; "" for none. It is the path
// itself where that leads through too many links.
func ExchangeableIn(path string, owner uint32) (folder string) {
	at, links := "/", 0
	for rest := strings.Split(path, "/"); len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		if part == "" || part == "." {
			continue
		}
		if othersRename(at, owner) {
			return at
		}
		next := filepath.Join(at, part)
		target, err := os.Readlink(next)
		switch {
		case err != nil:
			at = next
		case links > maxLinks:
			return path
		default:
			links++
			rest = append(strings.Split(target, "/"), rest...)
			if filepath.IsAbs(target) {
				at = "/"
			}
		}
	}
	return ""
}

// maxLinks is how many links one path may go through, as in Linux.
const maxLinks = 40

// othersRename tells whether a user who is neither root nor the owner can rename in a folder. The
// group of a folder counts for root, who is not the one that has chosen it.
func othersRename(folder string, owner uint32) bool {
	uid, gid, mode, err := statOf(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return false // who can make it can rename in the folder above
	}
	if err != nil || uid != 0 && uid != owner {
		return true
	}
	group := mode&0o020 != 0 && gid != 0 && owner == 0
	return mode&os.ModeSticky == 0 && (mode&0o002 != 0 || group)
}

// OwnerOf is the owner of a file or folder, or of the link itself.
func OwnerOf(path string) (uid uint32, err error) {
	uid, _, _, err = statOf(path)
	return uid, err
}

func statOf(path string) (uid, gid uint32, mode os.FileMode, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, 0, 0, err
	}
	st := info.Sys().(*syscall.Stat_t)
	return st.Uid, st.Gid, info.Mode(), nil
}
