package dest

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// MoveNonFoldersAside replaces a file or link at the path of files/ or copies/ by an empty folder,
// and warns. The file or link gets another name and is never followed. Where that fails, runs
// record versions without files/ or copies/.
func (r *Dest) MoveNonFoldersAside() {
	for _, name := range Projections {
		st, err := r.Folder.Lstat(name)
		if err != nil || st.IsDir() {
			continue
		}
		what := r.Remedy(refusal.RunWritesAgain, "")
		if name == "copies" {
			what = r.Remedy(refusal.RebuildCopies, "")
		}
		aside, err := durable.MoveAside(r.Folder, name)
		if err != nil {
			r.Opts.Warn(r.Folder.Path(name), "is no folder, and could not be moved aside: "+durable.Reason(err),
				r.Remedy(refusal.MoveAside, r.Folder.Path(name)))
			continue
		}
		if st, err := r.Folder.Lstat(aside); err == nil && st.IsDir() {
			// another program put the folder back meanwhile
			if r.Folder.Rename(aside, r.Folder, name) == nil {
				continue
			}
		}
		msg := "is no folder, and was moved to " + record.Quote(aside)
		if err := makeFolder(r.Folder, name); err != nil {
			msg += "; the folder could not be made: " + durable.Reason(err)
		}
		r.Opts.Warn(r.Folder.Path(name), msg, what)
	}
}

// makeFolder makes a folder, closed to other users, where it is missing.
func makeFolder(root *durable.Dir, name string) error {
	d, err := root.MakeSub(name)
	if err != nil {
		return err
	}
	return d.Close()
}

// XattrsFolder is the tracked folder that holds long values of extended attributes, in the
// destination folder.
const XattrsFolder = "xattrs"

// Projections are the folders of a destination that are made from the history.
var Projections = []string{"files", "copies"}

// RestrictModes closes the folders to other users. A git with an ordinary umask opens them.
func (r *Dest) RestrictModes() error {
	for _, name := range []string{".git", "files", "copies", XattrsFolder} {
		switch err := r.Folder.Restrict(name); {
		case durable.IsMissing(err): // or no folder, of which a warning was given
		case err != nil:
			return err
		}
	}
	return nil
}

// HasCopy tells whether the path of a copy exists. A path that cannot be looked at counts as free:
// writing the copy reports the error.
func (r *Dest) HasCopy(path string) bool {
	there, err := durable.PathExists(r.Folder, path)
	return there && err == nil
}

// IsEmptyFolder tells whether name is missing or a folder that holds nothing.
func IsEmptyFolder(root *durable.Dir, name string) (bool, error) {
	d, err := root.Sub(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer d.Close()
	names, err := d.Names()
	return len(names) == 0, err
}
