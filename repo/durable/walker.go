package durable

import (
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// Walker opens folders below a root by slash-separated path. It keeps folders of the last path
// open, so that neighbours in path order cost one open a folder.
type Walker struct {
	root  *Dir
	path  string // of the last call, where it succeeded
	names []string
	open  []*Dir // nil: closed again
}

// A path can be deeper than a process may have files open. The keptOpen deepest folders of it stay
// open, and above them one of keptOpen, from which the way is short.
const keptOpen = 64

// NewWalker walks below root. The caller closes root.
func NewWalker(root *Dir) *Walker { return &Walker{root: root} }

// Dir opens the folder at path ("" is the root itself). The Walker owns the Dir, which is good
// until the next call.
func (w *Walker) Dir(path string) (*Dir, error) { return w.walk(path, (*Dir).Sub, (*Dir).Sub) }

// Make opens the folder at path, and makes the folders that are missing. The caller first removes a
// file or link where a folder must be.
func (w *Walker) Make(path string) (*Dir, error) {
	return w.walk(path, (*Dir).MakeSub, (*Dir).MakeSub)
}

// MakeNew is Make, faster for a folder that probably does not exist.
func (w *Walker) MakeNew(path string) (*Dir, error) {
	return w.walk(path, (*Dir).MakeSub, (*Dir).makeNewSub)
}

// walk goes to path. It calls step for each folder that is not open, and last for the folder at
// path.
func (w *Walker) walk(path string, step, last func(*Dir, string) (*Dir, error)) (*Dir, error) {
	if path != "" && path == w.path { // "" also says that the last call failed half way
		return w.top(), nil
	}
	w.path = ""
	var parts []string
	if path != "" {
		parts = strings.Split(path, "/")
	}
	keep := 0
	for keep < len(parts) && keep < len(w.names) && parts[keep] == w.names[keep] {
		keep++
	}
	for _, name := range parts[keep:] {
		if err := CheckName(name); err != nil {
			return nil, w.root.fail("open folder", path, err)
		}
	}
	for keep > 0 && w.open[keep-1] == nil {
		keep--
	}
	w.cut(keep)
	for i, name := range parts[keep:] {
		if keep+i == len(parts)-1 {
			step = last
		}
		sub, err := step(w.top(), name)
		if err != nil {
			return nil, err
		}
		w.names, w.open = append(w.names, name), append(w.open, sub)
		w.thin()
	}
	w.path = path
	return w.top(), nil
}

func (w *Walker) top() *Dir {
	if len(w.open) == 0 {
		return w.root
	}
	return w.open[len(w.open)-1]
}

// thin closes the folder that is no longer among the deepest.
func (w *Walker) thin() {
	if i := len(w.open) - 1 - keptOpen; i > 0 && i%keptOpen != 0 && w.open[i] != nil {
		w.open[i].Close()
		w.open[i] = nil
	}
}

func (w *Walker) cut(n int) {
	for _, d := range w.open[n:] {
		if d != nil {
			d.Close()
		}
	}
	w.names, w.open = w.names[:n], w.open[:n]
}

// Prune removes the folder at path where it is empty, and then each folder above that becomes
// empty. The root and the first component stay.
func (w *Walker) Prune(path string) error {
	for strings.Contains(path, "/") {
		i := strings.LastIndexByte(path, '/')
		parent, err := w.Dir(path[:i])
		if errors.Is(err, fs.ErrNotExist) {
			path = path[:i]
			continue
		}
		if err != nil {
			return err
		}
		switch err := parent.RemoveDir(path[i+1:]); {
		case errors.Is(err, unix.ENOTEMPTY), errors.Is(err, unix.EEXIST):
			return nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
		path = path[:i]
	}
	return nil
}

// Close closes the folders that the Walker holds open.
func (w *Walker) Close() {
	w.cut(0)
	w.path = ""
}
