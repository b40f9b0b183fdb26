package dest

import (
	"errors"
	"fmt"
	"strings"

	"timemachine/repo/durable"
)

// probe finds what the file system can do and returns git's settings for it. The settings stay for
// good. So only an error that says that the file system cannot do it counts as such.
func probe(dir *durable.Dir) (string, error) {
	var b strings.Builder
	b.WriteString("[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tlogallrefupdates = true\n")
	f, err := dir.Create(probeName)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := f.Chmod(0o700); err != nil && !durable.IsRefused(err) {
		return "", err
	}
	st, err := dir.Lstat(probeName)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\tfilemode = %t\n", st.Mode&0o777 == 0o700)
	folds, err := dir.Exists("pROBE")
	if err != nil {
		return "", err
	}
	if folds {
		b.WriteString("\tignorecase = true\n")
	}
	if err := dir.Symlink(probeName, probeLink); durable.IsRefused(err) {
		b.WriteString("\tsymlinks = false\n")
	} else if err != nil {
		return "", err
	}
	return b.String(), errors.Join(dir.Remove(probeLink), dir.Remove(probeName))
}

// FoldsCase tells whether the destination's file system folds case: A and a are one name. The
// settings have it from init.
func (r *Dest) FoldsCase() bool { return r.Config.IsTrue("core", "ignorecase") }

// HasSymlinks tells whether the destination's file system has symbolic links. Where it has none, an
// ordinary file holds a link's target, as with git.
func (r *Dest) HasSymlinks() bool {
	return r.Config.Get("core", "symlinks") == "" || r.Config.IsTrue("core", "symlinks")
}

// HasModes tells whether the destination's file system keeps permissions. The settings have it from
// init.
func (r *Dest) HasModes() bool {
	return r.Config.Get("core", "filemode") == "" || r.Config.IsTrue("core", "filemode")
}

const (
	probeName = "Probe" // whether names fold, with another spelling
	probeLink = "link"
)
