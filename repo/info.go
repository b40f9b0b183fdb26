package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/index"
	"timemachine/repo/git/object"
)

// Three files tell git how to treat what is ours: .git/info/exclude, so that git status does not show what it does not track;
// .git/info/attributes, so that a checkout changes no byte, whatever other attributes say; and .gitattributes, which is
// tracked, so that none in a clone does. Others may have lines of theirs in the first two. Of attributes the last line that
// speaks of one counts, so ours is the last.

var infoFiles = []string{"exclude", "attributes"}

// tendInfo sees to the two files of .git/info. What is none, or larger than such a file is, is moved aside; where that
// cannot be done it is said, and the history goes on without.
func (r *destT) tendInfo() error {
	if st, err := r.git.Lstat("info"); err == nil && !st.IsDir() && !r.infoAside(r.git, "info") {
		return nil
	}
	info, err := r.git.MakeSub("info")
	if err != nil {
		return err
	}
	defer info.Close()
	for _, name := range infoFiles {
		st, err := info.Lstat(name)
		if err == nil && strangeInfo(st) && !r.infoAside(info, name) {
			continue
		}
		if name == "exclude" {
			err = r.ensureExcluded(info, strings.Split(excludeLines(r.dest, r.o.Exclude), "\n"))
		} else {
			err = r.restoreAttributes(info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func strangeInfo(st durable.Stat) bool { return !st.IsRegular() || st.Size > maxConfig }

// infoAside moves aside what has the place of a file or folder that git reads beside ours; false where it could not.
func (r *destT) infoAside(in *durable.Dir, name string) bool {
	aside, err := moveAside(in, name)
	if err != nil {
		r.o.Warn(in.Path(name), "is not what git looks for there, and could not be moved aside: "+cause(err),
			"versions are recorded all the same; move it away with: mv "+word(in.Path(name))+" "+word(in.Path(name+".aside")))
		return false
	}
	r.o.Warn(in.Path(name), "is not what git looks for there, and was moved to "+quote(aside), "")
	return true
}

// restoreAttributes is ensureAttributes with a word where somebody has changed the file.
func (r *destT) restoreAttributes(info *durable.Dir) error {
	changed, err := ensureAttributes(info)
	if changed && err == nil {
		r.o.Warn(info.Path("attributes"), "did not end with the line that keeps git from changing bytes: it does again",
			"what a git checkout has changed in files/ since is found by: timemachine verify -d "+word(r.dest))
	}
	return err
}

// ensureAttributes makes our line the last of .git/info/attributes.
func ensureAttributes(info *durable.Dir) (changed bool, err error) {
	b, err := info.ReadFile("attributes", maxConfig)
	if err != nil && !errors.Is(err, fs.ErrNotExist) || err == nil && endsWithOurs(string(b)) {
		return false, err
	}
	var lines strings.Builder
	for l := range strings.Lines(string(b)) {
		if !isOurs(l) {
			lines.WriteString(strings.TrimSuffix(l, "\n") + "\n")
		}
	}
	return true, info.Replace("attributes", []byte(lines.String()+attributes))
}

func isOurs(line string) bool { return strings.TrimSpace(line) == strings.TrimSpace(attributes) }

// endsWithOurs tells whether the last line of attributes that says anything is ours.
func endsWithOurs(text string) bool {
	last := ""
	for l := range strings.Lines(text) {
		if s := strings.TrimSpace(l); s != "" && s[0] != '#' {
			last = s
		}
	}
	return isOurs(last)
}

// infoFlaws says what is wrong with the files of .git/info, for verify.
func (r *Repo) infoFlaws() []Finding {
	var found []Finding
	for _, name := range infoFiles {
		if msg := r.infoFlaw(name); msg != "" {
			found = append(found, Finding{Part: PartFile, Path: ".git/info/" + name, Msg: msg, Hint: "the next run sees to it"})
		}
	}
	return found
}

func (r *destT) infoFlaw(name string) string {
	info, err := r.git.Sub("info")
	if err != nil {
		return flaw(err)
	}
	defer info.Close()
	b, err := info.ReadFile(name, maxConfig)
	switch {
	case err != nil:
		return flaw(err)
	case name == "attributes" && !endsWithOurs(string(b)):
		return "does not end with the line that keeps git from changing bytes"
	case name == "exclude" && len(lacking(b, strings.Split(excludeLines(r.dest, nil), "\n"))) > 0:
		return "does not name all that git status is not to show"
	}
	return ""
}

// attributesFlaw tells what is wrong with the work tree's .gitattributes, "" where it is ours.
func (r *projectionT) attributesFlaw() string {
	b, err := r.root.ReadFile(attributesName, maxConfig)
	switch {
	case err != nil:
		return flaw(err)
	case string(b) != attributes:
		return "is not what timemachine wrote"
	}
	return ""
}

// healAttributes writes .gitattributes again, where the work tree is ours to change and the tip has it as we wrote it.
func (r *projectionT) healAttributes(f *follow) error {
	msg := r.attributesFlaw()
	if msg == "" || r.detached() != "" {
		return nil
	}
	e, there, err := r.attributesIn(f.tip)
	if err != nil || !there || !isAttributes(e) {
		return err
	}
	if f.index, err = r.takeIndex(); err != nil {
		return err
	}
	defer f.index.release()
	if !f.index.held() {
		return nil
	}
	r.o.Warn(r.root.Path(attributesName), msg+": it is written again", "")
	return f.run()
}

// attributesIn is what a commit's tree has for .gitattributes.
func (r *projectionT) attributesIn(tip object.ID) (e object.TreeEntry, there bool, err error) {
	root, err := r.treeOf(tip)
	if err != nil {
		return e, false, err
	}
	raw, err := r.store.ReadTree(root)
	if err != nil {
		return e, false, err
	}
	return object.FindEntry(raw, attributesName)
}

func isAttributes(e object.TreeEntry) bool {
	return e.ID == object.Hash(object.Blob, []byte(attributes)) && e.Mode == object.ModeFile
}

// attributes writes our .gitattributes where the tree has it and the work tree does not. One that somebody has committed is
// left as it is.
func (f *follow) attributes() error {
	r := f.r
	flawed := r.attributesFlaw() != ""
	if !flawed && !f.base.IsZero() {
		return nil
	}
	e, there, err := r.attributesIn(f.tip)
	if err != nil || !there {
		return err
	}
	if !isAttributes(e) {
		if f.base.IsZero() {
			f.changes = append(f.changes, index.Change{Path: attributesName, Mode: uint32(e.Mode), ID: e.ID})
		}
		return nil
	}
	if flawed {
		if err := f.writeAttributes(); err != nil {
			return err
		}
	}
	st, err := r.root.Lstat(attributesName)
	f.changes = append(f.changes, index.Change{Path: attributesName, Mode: uint32(e.Mode), ID: e.ID, Stat: indexStat(st)})
	return err
}

func (f *follow) writeAttributes() error {
	root := f.r.root
	if st, err := root.Lstat(attributesName); err == nil && !st.IsRegular() {
		aside, err := moveAside(root, attributesName)
		if err != nil {
			return fmt.Errorf("it cannot be moved aside: %w", err)
		}
		f.warn(root.Path(attributesName), "is no regular file, and was moved to "+quote(aside), "")
	}
	return root.Replace(attributesName, []byte(attributes))
}
