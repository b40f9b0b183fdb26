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

// AttributesText is the line that keeps git from changing a byte of files/. It is the whole of
// .gitattributes and the last line of .git/info/attributes.
const AttributesText = "* -text -ident -filter -working-tree-encoding !eol !diff !merge\n"

// InfoFiles are the files in .git/info that tell git how to treat a destination. exclude lists what
// git status must not show. attributes keeps a checkout from changing a byte, whatever other
// attributes say; in a clone .gitattributes does that. The user may add lines to both files. The
// last line about an attribute wins, so timemachine's is the last.
var InfoFiles = []string{"exclude", "attributes"}

// EnsureInfoFiles writes the lines that the files in .git/info lack. It moves aside what is no
// regular file or is too large. Where that fails it warns and leaves the file out.
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

// moveInfoAside moves aside an unusable file or folder, and warns. It returns false where it could
// not be moved.
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

// restoreAttributes is ensureAttributes with a warning where the file was changed.
func (r *Dest) restoreAttributes(info *durable.Dir) error {
	changed, err := ensureAttributes(info)
	if changed && err == nil {
		r.Opts.Warn(info.Path("attributes"), "did not end with the line that keeps git from changing bytes: it does again",
			r.Remedy(refusal.VerifyFiles, ""))
	}
	return err
}

// ensureAttributes makes AttributesText the last line of .git/info/attributes.
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

// endsWithAttributesLine tells whether AttributesText is the last line, but for comments and empty
// lines.
func endsWithAttributesLine(text string) bool {
	last := ""
	for l := range strings.Lines(text) {
		if s := strings.TrimSpace(l); s != "" && s[0] != '#' {
			last = s
		}
	}
	return isAttributesLine(last)
}

// InfoFlaw says what is wrong with one of [InfoFiles]; "" for nothing.
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

// missingLines returns those of the lines that a file lacks.
func missingLines(file []byte, lines []string) []string {
	have := map[string]bool{"": true}
	for l := range strings.Lines(string(file)) {
		have[strings.TrimRight(l, "\r\n")] = true
	}
	return slices.DeleteFunc(lines, func(l string) bool { return have[l] })
}

// excludeLines is the text of .git/info/exclude for timemachine's untracked files, and for those of
// paths that lie in the destination.
func excludeLines(dest string, paths []string) string {
	lines := "/copies/\n/README.txt\n/" + initPrefix + "*/\n/files.aside*\n/copies.aside*\n"
	for _, p := range paths {
		if l := excludeLine(dest, p); l != "" {
			lines += l + "\n"
		}
	}
	return lines
}

// excludeLine is the line for one path; "" where it does not lie in the destination. The line for a
// log also covers its rotated files and its temporary files.
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

// escapeIgnore escapes a name for .gitignore.
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

// AttributesFile is the tracked file that holds [AttributesText], in the destination folder.
const AttributesFile = ".gitattributes"
