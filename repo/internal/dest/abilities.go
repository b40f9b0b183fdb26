package dest

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
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

func makeClosed(root *durable.Dir, name string) error {
	d, err := root.MakeSub(name)
	if err != nil {
		return err
	}
	return d.Close()
}

// vacant refuses a folder in which a new history would mix with something else.
func vacant(root *durable.Dir, dest string) error {
	refuse := func(what string) error {
		return &refusal.Error{Kind: refusal.Foreign, Dest: dest, Msg: fmt.Sprintf("%s in %s was not made by timemachine", what, record.Quote(dest)),
			Remedy: refusal.Remedy{Kind: refusal.NameFreeDestination}}
	}
	if there, err := root.Exists(".git"); err != nil || there {
		if err == nil {
			err = refuse("the repository")
		}
		return err
	}
	for _, name := range []string{"files", "copies"} {
		switch empty, err := durable.IsEmptyFolder(root, name); {
		case err != nil:
			return err
		case !empty:
			return refuse("the folder " + name)
		}
	}
	b, err := root.ReadFile(".gitattributes", config.MaxSize)
	if err == nil && string(b) != AttributesText {
		return refuse("the file .gitattributes")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
