package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// modelRecord is a commit of the program's, as git shows it.
type modelRecord struct {
	commit            string
	event             string
	source            string
	state             modelState
	file              string // where it stands in the tree
	copy              string
	renamed           string
	scan              string
	captured, changed time.Time
	torn              bool
	leadsOn           bool   // a link that counts as a folder, since sources are recorded behind it
	from              string // of a restored version: the commit of the one that was brought back
}

// git runs git in the destination, as a person who has set a name only.
func (w *modelWorld) git(args ...string) string {
	out, err := w.tryGit(args...)
	if err != nil {
		w.fail("git", "git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (w *modelWorld) tryGit(args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-C", w.dest}, args...)...)
	cmd.Env = append(w.env(), "GIT_EDITOR=true", "GIT_AUTHOR_NAME=somebody", "GIT_AUTHOR_EMAIL=s@example.org",
		"GIT_COMMITTER_NAME=somebody", "GIT_COMMITTER_EMAIL=s@example.org")
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		return string(out) + errors.String(), err
	}
	return string(out), nil
}

// tipNow is the commit of the recorded branch, "" before the first.
func (w *modelWorld) tipNow() string {
	out, err := w.tryGit("rev-parse", "-q", "--verify", "refs/heads/"+w.branch+"^{commit}")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(out)
}

// records are those that came to the branch after a commit, oldest first.
func (w *modelWorld) records(after, tip string) []modelRecord {
	if tip == "" || tip == after {
		return nil
	}
	args := []string{"log", "-z", "--reverse", "--first-parent", "--format=%H%n%B", tip}
	if after != "" {
		args = append(args, "^"+after)
	}
	var all []modelRecord
	for text := range strings.SplitSeq(w.git(args...), "\x00") {
		commit, message, _ := strings.Cut(text, "\n")
		if r := w.parseRecord(commit, message); r.source != "" {
			all = append(all, r)
		}
	}
	return all
}

// parseRecord reads the last paragraph of a message. One without Source is somebody's own commit,
// also where it tells of another, as a revert does.
func (w *modelWorld) parseRecord(commit, message string) modelRecord {
	r := modelRecord{commit: commit}
	var xattrs []string
	mode := false
	message = strings.TrimRight(message, "\n")
	for line := range strings.SplitSeq(message[strings.LastIndex(message, "\n\n")+1:], "\n") {
		key, value, _ := strings.Cut(line, ": ")
		if strings.HasPrefix(value, `"`) {
			value = w.unquote(value)
		}
		var err error
		switch key {
		case "Event":
			r.event = value
		case "Source":
			r.source = value
		case "Mtime":
			r.state.mtime, err = parseMoment(value)
		case "Captured":
			r.captured, err = parseMoment(value)
		case "Changed":
			r.changed, err = parseMoment(value)
		case "Mode":
			_, err = fmt.Sscanf(value, "%o", &r.state.mode)
			mode = true
		case "Type":
			r.state.link, r.state.folder = value == "symlink", value == "folder"
		case "Owner":
			_, err = fmt.Sscanf(value[strings.LastIndexByte(value, '(')+1:], "%d:%d)", &r.state.uid, &r.state.gid)
		case "Size":
			r.state.size, err = strconv.ParseInt(value, 10, 64)
		case "Blob":
			r.state.blob = value
		case "File":
			r.file = value
		case "Copy":
			r.copy = value
		case "Renamed-From":
			r.renamed = value
		case "Scan":
			r.scan = value
		case "Torn":
			r.torn = true
		case "Linked-With":
			r.state.linked = value
		case "Restored-From":
			r.from = value
		case "Xattr":
			name, value, _ := strings.Cut(value, "=")
			xattrs = append(xattrs, modelXattr(plainXattr.Replace(name), value))
		case "Xattr-Blob":
			name, blob, _ := strings.Cut(value, "=")
			xattrs = append(xattrs, plainXattr.Replace(name)+"@"+blob)
		}
		if err != nil {
			w.fail("record", "%s: %s: %v", commit, line, err)
		}
	}
	if r.file == "" {
		r.file = "files" + treePath(r.source)
	}
	r.state.xattrs = modelXattrs(xattrs)
	if r.state.folder && !mode && r.event == "type-changed" {
		r.event, r.leadsOn = "deleted", true // but for what absent judges
	}
	return r
}

// plainXattr reads the name of an attribute.
var plainXattr = strings.NewReplacer("%25", "%", "%3D", "=")

func parseMoment(text string) (time.Time, error) {
	if s, ok := strings.CutPrefix(text, "@"); ok {
		var sec, nano int64
		_, err := fmt.Sscanf(s, "%d.%d", &sec, &nano)
		return time.Unix(sec, nano), err
	}
	return time.Parse(time.RFC3339Nano, text)
}

// unquote reads what is quoted as git quotes paths.
func (w *modelWorld) unquote(text string) string {
	var b strings.Builder
	body := text[1 : len(text)-1]
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			b.WriteByte(body[i])
			continue
		}
		i++
		if at := strings.IndexByte("abtnvfr", body[i]); at >= 0 {
			b.WriteByte(byte(7 + at))
		} else if body[i] >= '0' && body[i] <= '3' {
			n, err := strconv.ParseUint(body[i:i+3], 8, 8)
			if err != nil {
				w.fail("record", "%s: %v", text, err)
			}
			b.WriteByte(byte(n))
			i += 2
		} else {
			b.WriteByte(body[i])
		}
	}
	return b.String()
}

// modelEscape is how a component begins that has been escaped.
var modelEscape = regexp.MustCompile(`^%([0-9A-Fa-f]{2}|~)`)

// treePath escapes the components that git would take for its own.
func treePath(source string) string {
	names := strings.Split(source, "/")
	for i, name := range names {
		switch strings.ToLower(name) {
		case ".git", "git~1", ".gitattributes", ".gitmodules", "gitmod~1", ".gitignore", "head":
		default:
			if !modelEscape.MatchString(name) {
				continue
			}
		}
		escaped := fmt.Sprintf("%%%02X", name[0])
		names[i] = escaped + strings.NewReplacer("%", "%25", `\`, "%5C").Replace(name[1:])
	}
	return strings.Join(names, "/")
}

// tree is what a commit's tree holds below files/: mode and blob by path.
func (w *modelWorld) tree(tip string) map[string]string {
	all := map[string]string{}
	for line := range strings.SplitSeq(w.git("ls-tree", "-r", "-z", tip), "\x00") {
		about, p, ok := strings.Cut(line, "\t")
		if f := strings.Fields(about); ok && strings.HasPrefix(p, "files/") {
			all[p] = f[0] + " " + f[2]
		}
	}
	return all
}

// treeMode is git's mode of a version.
func (s modelState) treeMode() string {
	switch {
	case s.link:
		return "120000"
	case s.mode&0o100 != 0:
		return "100755"
	}
	return "100644"
}

// env is the environment of all that is run in the world.
func (w *modelWorld) env() []string {
	return append(os.Environ(), "HOME="+w.base+"/home", "XDG_STATE_HOME="+w.base+"/state", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL="+os.DevNull, "LC_ALL=C.UTF-8", "TZ=UTC")
}
