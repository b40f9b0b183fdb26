// Package own tells what timemachine writes itself.
//
// That is never a source. It is the log, what is kept under the state folder, the destination, and
// temporary files. A scan can meet each by many paths: through links and mounts. So folders are
// compared by their inode.
package own

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"timemachine/watch/disk"
)

// Places says where a process writes, beside the destination. The zero value says nowhere.
type Places struct {
	Folders     []string               // absolute paths; all that they hold is timemachine's
	LogFolder   string                 // it may hold other files
	IsLog       func(name string) bool // of the names in LogFolder; may be nil
	IsTemporary func(name string) bool // of the names in any folder; may be nil
}

// Set is what Places and the destination are on disk now.
type Set struct {
	Dest disk.Inode // the destination's folder

	places    Places
	folders   map[disk.Inode]bool
	files     map[disk.Inode]bool // the logs, and the files in the folders
	logFolder disk.Inode
	within    map[string]bool // whether a folder lies in one of folders, by path
}

// destinationFolders are the folders that timemachine writes in the destination.
var destinationFolders = []string{".git", "files", "copies"}

// Find looks at the places, and at the destination in the folder dest.
func (p Places) Find(dest string) *Set {
	s := &Set{places: p, folders: map[disk.Inode]bool{}, files: map[disk.Inode]bool{}, within: map[string]bool{}}
	s.Dest, _ = inodeOf(dest)
	folders := p.Folders
	for _, name := range destinationFolders {
		folders = append(folders[:len(folders):len(folders)], filepath.Join(dest, name))
	}
	for _, path := range folders {
		if inode, there := inodeOf(path); there {
			s.folders[inode] = true
		}
	}
	for _, folder := range p.Folders {
		s.addFiles(folder, func(string) bool { return true })
	}
	if p.IsLog != nil {
		s.logFolder, _ = inodeOf(p.LogFolder)
		s.addFiles(p.LogFolder, p.IsLog)
	}
	return s
}

// SetDestination says what the destination is, which its path need not lead to any more: its folder
// and those of its folders that timemachine writes.
func (s *Set) SetDestination(folder disk.Inode, parts []disk.Inode) {
	s.Dest = folder
	for _, inode := range parts {
		s.folders[inode] = true
	}
}

// inodeOf returns the inode that a path leads to.
func inodeOf(path string) (inode disk.Inode, there bool) {
	st, err := disk.StatAt(unix.AT_FDCWD, path, 0)
	return st.Inode(), err == nil
}

// addFiles adds the files in a folder whose names match.
func (s *Set) addFiles(folder string, match func(name string) bool) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !match(e.Name()) {
			continue
		}
		if inode, there := inodeOf(filepath.Join(folder, e.Name())); there {
			s.files[inode] = true
		}
	}
}

// destinationNames are the names that timemachine writes in the destination. An entry may select
// other files there, since the current folder is the default destination.
var destinationNames = map[string]bool{".git": true, "files": true, "copies": true, ".gitattributes": true, "README.txt": true}

// HasFolder tells whether all that a folder holds is timemachine's.
func (s *Set) HasFolder(inode disk.Inode) bool { return s.folders[inode] }

// Names returns which names in a folder are timemachine's. It returns nil where no name in any
// folder is.
func (s *Set) Names(folder disk.Inode) func(name string) bool {
	logs := folder == s.logFolder && s.places.IsLog != nil
	if !logs && folder != s.Dest {
		return s.places.IsTemporary
	}
	return func(name string) bool {
		return logs && s.places.IsLog(name) || folder == s.Dest && destinationNames[name] ||
			s.places.IsTemporary != nil && s.places.IsTemporary(name)
	}
}

// HasFile tells whether the file at path, which has the inode, is timemachine's.
func (s *Set) HasFile(path string, inode disk.Inode) bool {
	folder, name := filepath.Split(path)
	folder = filepath.Clean(folder)
	return s.files[inode] || folder == s.places.LogFolder && s.places.IsLog != nil && s.places.IsLog(name) ||
		s.places.IsTemporary != nil && s.places.IsTemporary(name) || s.Within(folder)
}

// Within tells whether the folder at path is one of timemachine's, or lies in one.
func (s *Set) Within(path string) bool {
	if within, known := s.within[path]; known {
		return within
	}
	real, err := filepath.EvalSymlinks(path)
	within := err == nil && s.climb(real)
	s.within[path] = within
	return within
}

// ErrOwn says that what was opened is timemachine's own.
var ErrOwn = errors.New("is timemachine's own: not watched")

// OpenRoot opens the root of an entry to go through it, by the rule of disk.OpenThrough. What is
// timemachine's own is ErrOwn.
func (s *Set) OpenRoot(root string) (int, error) {
	fd, err := disk.OpenThrough(root, disk.FolderFlags, nil)
	if err != nil {
		return -1, err
	}
	if err := s.CheckFolder(fd); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// CheckFolder returns ErrOwn where an open folder is one of timemachine's, or lies in one. It goes
// up from the folder, so that it does not matter by which path that was opened. Several goroutines
// may call it.
func (s *Set) CheckFolder(fd int) error {
	st, err := disk.StatFD(fd)
	if err != nil {
		return nil
	}
	return s.checkUpwards(fd, st.Inode())
}

func (s *Set) checkUpwards(fd int, inode disk.Inode) error {
	if s.folders[inode] {
		return ErrOwn
	}
	above, err := disk.OpenAt(fd, "..", disk.FolderFlags)
	if err != nil {
		return nil
	}
	defer unix.Close(above)
	st, err := disk.StatFD(above)
	if err != nil || st.Inode() == inode { // the top
		return nil
	}
	return s.checkUpwards(above, st.Inode())
}

// climb looks at a folder and those above it.
func (s *Set) climb(path string) bool {
	if within, known := s.within[path]; known {
		return within
	}
	inode, there := inodeOf(path)
	within := there && s.folders[inode]
	if parent := filepath.Dir(path); !within && parent != path {
		within = s.climb(parent)
	}
	s.within[path] = within
	return within
}
