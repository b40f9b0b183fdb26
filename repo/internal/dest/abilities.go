package dest

import (
	"errors"
	"fmt"
	"strings"
	"timemachine/repo/durable"
)

// probe learns what the file system can do and returns git's settings for it. They are for ever, so
// that only an error which says that the file system has no such thing counts as that.
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

// FoldsCase tells whether the destination's file system takes A and a for one name, as it was found
// at init.
func (r *Dest) FoldsCase() bool { return r.Config.IsTrue("core", "ignorecase") }

// HasSymlinks tells whether it has symbolic links. Where it has none a link's target stands in an
// ordinary file, as git does it.
func (r *Dest) HasSymlinks() bool {
	return r.Config.Get("core", "symlinks") == "" || r.Config.IsTrue("core", "symlinks")
}

// HasModes tells whether the destination's file system keeps permissions, as it was found at init.
func (r *Dest) HasModes() bool {
	return r.Config.Get("core", "filemode") == "" || r.Config.IsTrue("core", "filemode")
}

const (
	probeName = "Probe" // whether names fold, with another spelling
	probeLink = "link"
)
