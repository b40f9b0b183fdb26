package scan

import (
	"path/filepath"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/watch/cache"
	"timemachine/watch/config"
	"timemachine/watch/disk"
)

// IsMissing looks whether a source that entry e selects is missing now. A file that has become a
// folder is, and a folder that is none any more. Like a scan, it follows no link below the entry's
// root, and a link that the entry names.
func IsMissing(e *config.Entry, state *cache.State) bool {
	source := state.Source
	if e.Root == source && e.IsLiteral() && !state.Link {
		if st, err := new(disk.Looker).Stat(source, true); err == nil {
			return st.IsDir() != state.Folder
		}
		_, err := disk.StatAt(unix.AT_FDCWD, source, unix.AT_SYMLINK_NOFOLLOW)
		return durable.IsMissing(err) // else it is a link that leads nowhere
	}
	root, folder := e.Root, filepath.Dir(source)
	if root == source {
		root = folder
	}
	dir, err := disk.OpenFolder(root, folder)
	if err != nil {
		return durable.IsMissing(err)
	}
	defer unix.Close(dir)
	st, err := disk.StatAt(dir, disk.BaseName(source), unix.AT_SYMLINK_NOFOLLOW)
	return durable.IsMissing(err) || err == nil && st.IsDir() != state.Folder
}

// EndStands looks once more whether a change that ends a source is true: the source is missing, or
// is the link that it was and counts as a folder now.
func EndStands(ch *Change) bool {
	switch {
	case ch.LeadsOn:
		st, err := disk.StatAt(unix.AT_FDCWD, ch.File.Path, unix.AT_SYMLINK_NOFOLLOW)
		return err == nil && st.IsLink()
	case ch.File.Entry == nil: // nothing watches it, and another source has its place
		return true
	}
	return IsMissing(ch.File.Entry, ch.Before)
}

// lookAtFolder returns what is known of a folder, and looks at one that the scan did not list.
func (s *Scan) lookAtFolder(path string) (folder, error) {
	if f, known := s.folders[path]; known {
		return f, nil
	}
	st, empty, err := disk.StatFolder(path)
	if err != nil {
		return folder{}, err
	}
	f := folder{dev: st.Dev, readable: true, empty: empty}
	s.folders[path] = f
	return f, nil
}
