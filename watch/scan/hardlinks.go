package scan

import (
	"slices"

	"timemachine/watch/disk"
)

// HardLinks returns the paths of each file or link that the scan saw under several, in path order.
// A path that leads to a file through a link is no name of it.
func (s *Scan) HardLinks() map[disk.Inode][]string {
	names := map[disk.Inode][]string{}
	for i := range s.found {
		if f := &s.found[i]; !f.skipped && !f.followed && !f.Stat.IsDir() {
			names[f.Stat.Inode()] = append(names[f.Stat.Inode()], f.Path)
		}
	}
	for state := range s.cached.UnchangedBelow("/") {
		if !state.Followed {
			names[state.Stat.Inode()] = append(names[state.Stat.Inode()], state.Source)
		}
	}
	for inode, paths := range names {
		slices.SortFunc(paths, disk.ComparePaths)
		if paths = slices.Compact(paths); len(paths) > 1 {
			names[inode] = paths
		} else {
			delete(names, inode)
		}
	}
	return names
}

// Inode returns the inode of a source that the scan saw.
func (s *Scan) Inode(path string) (inode disk.Inode, saw bool) {
	if i, there := s.search(path); there {
		return s.found[i].Stat.Inode(), true
	}
	return s.cached.UnchangedInode(path)
}
