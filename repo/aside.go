package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
)

// What others put in the place of something of ours is never removed. It gets another name beside that one.

// maxAside is how much of a name is kept in the name of what was moved aside, so that there is room for the rest of it.
const maxAside = 240

// moveAside gives what has a name of ours another one, which it returns.
func moveAside(d *durable.Dir, name string) (string, error) {
	aside, err := vacantName(d, name[:min(len(name), maxAside)]+".aside")
	if err == nil {
		err = d.Rename(name, d, aside)
	}
	return aside, err
}

// vacantName is a name that nothing has: name itself, or with a number.
func vacantName(d *durable.Dir, name string) (string, error) {
	for i, next := 2, name; ; i++ {
		there, err := d.Exists(next)
		if err != nil || !there {
			return next, err
		}
		next = fmt.Sprintf("%s%d", name, i)
	}
}

// straighten moves aside what has the place of files/ or copies/ and is no folder, and makes the folder again. Nothing is
// reached through it. Where that cannot be done it is said, and the history goes on without them.
func (r *destT) straighten() {
	for _, name := range projections {
		st, err := r.root.Lstat(name)
		if err != nil || st.IsDir() {
			continue
		}
		hint := "it is written again from the history"
		if name == "copies" {
			hint = "write them again with: " + r.rebuildCommand()
		}
		aside, err := moveAside(r.root, name)
		if err != nil {
			r.o.Warn(r.root.Path(name), "is no folder, and could not be moved aside: "+cause(err),
				"versions are recorded all the same; move it away with: mv "+word(r.root.Path(name))+" "+word(r.root.Path(name+".aside")))
			continue
		}
		if st, err := r.root.Lstat(aside); err == nil && st.IsDir() { // somebody put the folder back meanwhile
			if r.root.Rename(aside, r.root, name) == nil {
				continue
			}
		}
		msg := "is no folder, and was moved to " + quote(aside)
		if err := makeClosed(r.root, name); err != nil {
			msg += "; the folder could not be made: " + cause(err)
		}
		r.o.Warn(r.root.Path(name), msg, hint)
	}
}

// rebuildCommand is the command that writes copies/ again.
func (r *destT) rebuildCommand() string { return "timemachine copies rebuild -d " + word(r.dest) }

// repairCommand is the command that mends what lies beside the history.
func (r *destT) repairCommand() string { return "timemachine verify --repair -d " + word(r.dest) }

// inTheWay tells whether an error says that something of another kind has a place that is wanted, or lies on the way to it.
// A run leaves that as it is; verify --repair moves it aside.
func inTheWay(err error) bool {
	for _, what := range []error{unix.ENOTDIR, unix.ELOOP, unix.EISDIR, unix.ENOTEMPTY, unix.EEXIST} {
		if errors.Is(err, what) {
			return true
		}
	}
	return false
}

// clearWay moves aside what stands in the place of a version below files/ or copies/, or on the way to it, and is of
// another kind.
func (r *projectionT) clearWay(path string, v *Version) error {
	w := durable.NewWalker(r.root)
	defer w.Close()
	parts := strings.Split(path, "/")
	for i, name := range parts {
		dir, err := w.Dir(strings.Join(parts[:i], "/"))
		if err != nil {
			return err
		}
		st, err := dir.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		away := !st.IsDir()
		if i == len(parts)-1 {
			if away, err = r.otherKind(dir, name, st, v); err != nil {
				return err
			}
		}
		if !away {
			continue
		}
		aside, err := moveAside(dir, name)
		if err != nil {
			return err
		}
		r.o.Warn(dir.Path(name), "was in the way, and was moved to "+quote(aside), "")
	}
	return nil
}

// otherKind tells whether what has a version's name is no file, or link, as that is one. An empty folder counts for nothing.
func (r *projectionT) otherKind(dir *durable.Dir, name string, st durable.Stat, v *Version) (bool, error) {
	if st.IsDir() {
		empty, err := emptyFolder(dir, name)
		return !empty, err
	}
	if v.Link && r.hasLinks() {
		return !st.IsLink(), nil
	}
	return !st.IsRegular(), nil
}
