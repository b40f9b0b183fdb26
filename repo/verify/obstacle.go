package verify

import (
	"errors"
	"io/fs"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// clearPath moves aside what stands in the place of a version below files/ or copies/, or on the
// way to it, and is of another kind.
func (k *verify) clearPath(path string, v *record.Version) error {
	w := durable.NewWalker(k.r.Folder)
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
			if away, err = k.isOtherKind(dir, name, st, v); err != nil {
				return err
			}
		}
		if !away {
			continue
		}
		aside, err := durable.MoveAside(dir, name)
		if err == nil {
			k.r.Opts.Warn(dir.Path(name), "was in the way, and was moved to "+record.Quote(aside), refusal.Remedy{})
		}
		return err // what was below it is away too
	}
	return nil
}

// isOtherKind tells whether what has a version's name is of another kind: no file, or no link. An
// empty folder counts as nothing.
func (k *verify) isOtherKind(dir *durable.Dir, name string, st durable.Stat, v *record.Version) (bool, error) {
	if st.IsDir() {
		empty, err := dest.IsEmptyFolder(dir, name)
		return !empty, err
	}
	if v.Link && k.r.HasSymlinks() {
		return !st.IsLink(), nil
	}
	return !st.IsRegular(), nil
}
