package dest

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"timemachine/repo/durable"
	"timemachine/repo/git/config"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

const AttributesText = "* -text -ident -filter -working-tree-encoding !eol !diff !merge\n"

// Three files tell git how to treat what is ours: .git/info/exclude, so that git status does not
// show what it does not track; .git/info/attributes, so that a checkout changes no byte, whatever
// other attributes say; and .gitattributes, which is tracked, so that none in a clone does. Others
// may have lines of theirs in the first two. Of attributes the last line that speaks of one counts,
// so ours is the last.
var InfoFiles = []string{"exclude", "attributes"}

// EnsureInfoFiles sees to the two files of .git/info. What is none, or larger than such a file is,
// is moved aside; where that cannot be done it is said, and the history goes on without.
func (r *Dest) EnsureInfoFiles() error {
	if st, err := r.Git.Lstat("info"); err == nil && !st.IsDir() && !r.moveInfoAside(r.Git, "info") {
		return nil
	}
	info, err := r.Git.MakeSub("info")
	if err != nil {
		return err
	}
	defer info.Close()
	for _, name := range InfoFiles {
		st, err := info.Lstat(name)
		if err == nil && isUnusableInfo(st) && !r.moveInfoAside(info, name) {
			continue
		}
		if name == "exclude" {
			err = r.ensureExcluded(info, strings.Split(excludeLines(r.Path, r.Opts.Exclude), "\n"))
		} else {
			err = r.restoreAttributes(info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func isUnusableInfo(st durable.Stat) bool { return !st.IsRegular() || st.Size > config.MaxSize }

// moveInfoAside moves aside what has the place of a file or folder that git reads beside ours; false
// where it could not.
func (r *Dest) moveInfoAside(in *durable.Dir, name string) bool {
	aside, err := durable.MoveAside(in, name)
	if err != nil {
		r.Opts.Warn(in.Path(name), "is not what git looks for there, and could not be moved aside: "+durable.Reason(err),
			r.Remedy(refusal.MoveAside, in.Path(name)))
		return false
	}
	r.Opts.Warn(in.Path(name), "is not what git looks for there, and was moved to "+record.Quote(aside), refusal.Remedy{})
	return true
}

// restoreAttributes is ensureAttributes with a word where somebody has changed the file.
func (r *Dest) restoreAttributes(info *durable.Dir) error {
	changed, err := ensureAttributes(info)
	if changed && err == nil {
		r.Opts.Warn(info.Path("attributes"), "did not end with the line that keeps git from changing bytes: it does again",
			r.Remedy(refusal.VerifyFiles, ""))
	}
	return err
}

// ensureAttributes makes our line the last of .git/info/attributes.
func ensureAttributes(info *durable.Dir) (changed bool, err error) {
	b, err := info.ReadFile("attributes", config.MaxSize)
	if err != nil && !errors.Is(err, fs.ErrNotExist) || err == nil && endsWithAttributesLine(string(b)) {
		return false, err
	}
	var lines strings.Builder
	for l := range strings.Lines(string(b)) {
		if !isAttributesLine(l) {
			lines.WriteString(strings.TrimSuffix(l, "\n") + "\n")
		}
	}
	return true, info.Replace("attributes", []byte(lines.String()+AttributesText))
}

func isAttributesLine(line string) bool {
	return strings.TrimSpace(line) == strings.TrimSpace(AttributesText)
}

// endsWithAttributesLine tells whether the last line of attributes that says anything is ours.
func endsWithAttributesLine(text string) bool {
	last := ""
	for l := range strings.Lines(text) {
		if s := strings.TrimSpace(l); s != "" && s[0] != '#' {
			last = s
		}
	}
	return isAttributesLine(last)
}

func (r *Dest) InfoFlaw(name string) string {
	info, err := r.Git.Sub("info")
	if err != nil {
		return durable.Flaw(err)
	}
	defer info.Close()
	b, err := info.ReadFile(name, config.MaxSize)
	switch {
	case err != nil:
		return durable.Flaw(err)
	case name == "attributes" && !endsWithAttributesLine(string(b)):
		return "does not end with the line that keeps git from changing bytes"
	case name == "exclude" && len(missingLines(b, strings.Split(excludeLines(r.Path, nil), "\n"))) > 0:
		return "does not name all that git status is not to show"
	}
	return ""
}

// ensureExcluded adds the lines that .git/info/exclude lacks.
func (r *Dest) ensureExcluded(info *durable.Dir, lines []string) error {
	b, err := info.ReadFile("exclude", config.MaxSize)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	more := missingLines(b, lines)
	if len(more) == 0 {
		return nil
	}
	if n := len(b); n > 0 && b[n-1] != '\n' {
		b = append(b, '\n')
	}
	for _, l := range more {
		b = append(append(b, l...), '\n')
	}
	return info.Replace("exclude", b)
}

// missingLines are the lines that a file does not have.
func missingLines(file []byte, lines []string) []string {
	have := map[string]bool{"": true}
	for l := range strings.Lines(string(file)) {
		have[strings.TrimRight(l, "\r\n")] = true
	}
	return slices.DeleteFunc(lines, func(l string) bool { return have[l] })
}

// excludeLines is .git/info/exclude: what of ours git does not track.
func excludeLines(dest string, paths []string) string {
	lines := "/copies/\n/README.txt\n/" + initPrefix + "*/\n/files.aside*\n/copies.aside*\n"
	for _, p := range paths {
		if l := excludeLine(dest, p); l != "" {
			lines += l + "\n"
		}
	}
	return lines
}

// excludeLine is the line for one path, "" where it does not lie in the destination. A log's
// rotated files and an atomic replacement's temporary files share its beginning.
func excludeLine(dest, path string) string {
	rel, err := filepath.Rel(dest, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, "../") || strings.ContainsAny(rel, "\n\r") {
		return ""
	}
	if base, ok := strings.CutSuffix(rel, ".log"); ok {
		return "/" + escapeIgnore(base) + "*.log"
	}
	return "/" + escapeIgnore(rel)
}

// escapeIgnore writes a name so that .gitignore syntax takes it literally.
func escapeIgnore(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(`\*?[ !#`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

const AttributesFile = ".gitattributes"
