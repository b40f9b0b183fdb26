package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// Adopt takes over a clone of a history, or a history whose branch was rewritten: the branch that HEAD names becomes
// the recorded one, and what earlier runs knew is forgotten, so that the next run learns it from the commits.
func Adopt(dest string, o Options) error {
	r := newRepo(dest, o)
	defer r.Close()
	if err := r.openGit(); err != nil {
		return err
	}
	if err := r.checkServed(); err != nil {
		return err
	}
	if err := r.openParts(); err != nil {
		return err
	}
	if ok, err := r.TryLock(); err != nil || !ok {
		return errors.Join(err, &StateError{Kind: Locked, Dest: dest, Msg: fmt.Sprintf("another run is at work in %s", quote(dest))})
	}
	branch, err := r.adoptable()
	if err != nil {
		return err
	}
	r.straighten()
	if err := r.closeToOthers(); err != nil {
		return err
	}
	if err := r.writeSettings(branch); err != nil {
		return err
	}
	if err := r.syncAll(); err != nil { // what a run has left to the system, before its mark goes
		return err
	}
	// The packs are no longer counted as ours: what a rewritten branch does not lead to any more is in them, and nothing
	// that is to stay may rely on that (rely.go).
	for _, name := range []string{"cache", "checked", pendingName, followedName, packsFile} {
		if err := r.own.Remove(name); err != nil {
			return err
		}
	}
	return errors.Join(r.own.Sync(), makeClosed(r.root, "files"), makeClosed(r.root, "copies"), r.root.Replace(readmeName, []byte(readme)))
}

// adoptable is the branch to record: HEAD's, which must hold at least one record of ours.
func (r *destT) adoptable() (string, error) {
	branch, ok := strings.CutPrefix(r.refs.Head(), "refs/heads/")
	if !ok {
		return "", &StateError{Kind: Foreign, Dest: r.dest, Msg: fmt.Sprintf("no branch is checked out in %s", quote(r.dest)), Hint: "git checkout the history's branch first"}
	}
	tip, err := r.refs.Read("refs/heads/" + branch)
	if err != nil {
		return "", &StateError{Kind: Damaged, Dest: r.dest, Msg: fmt.Sprintf("branch %s of %s cannot be read", quote(branch), quote(r.dest)), Err: err}
	}
	for id := tip; !id.IsZero(); {
		c, err := r.store.ReadCommit(id)
		if err != nil {
			return "", err
		}
		if _, err := record.Parse(c.Message); !errors.Is(err, record.ErrNone) {
			return branch, nil
		}
		id = firstParent(c)
	}
	return "", &StateError{Kind: Foreign, Dest: r.dest, Msg: fmt.Sprintf("branch %s of %s holds no record of timemachine's", quote(branch), quote(r.dest)), Hint: "choose another destination"}
}

func firstParent(c *object.CommitData) object.ID {
	if len(c.Parents) == 0 {
		return object.ID{}
	}
	return c.Parents[0]
}

// writeSettings adds ours, and what of git's a new repository has, after what the configuration holds: git takes the last
// value of a key.
func (r *destT) writeSettings(branch string) error {
	if err := r.writeConfig(branch); err != nil {
		return err
	}
	info, err := r.git.MakeSub("info")
	if err != nil {
		return err
	}
	_, err = ensureAttributes(info)
	if err = errors.Join(err, info.Close()); err != nil {
		return err
	}
	return r.tendInfo()
}

func (r *destT) writeConfig(branch string) error {
	if err := errors.Join(r.stage.Remove(probeName), r.stage.Remove(probeLink)); err != nil { // of one that was cut short
		return err
	}
	settings, err := probe(r.stage)
	if err != nil {
		return err
	}
	settings, own := r.config.lacking(settings), ownSettings(branch)
	if r.config.get("timemachine", "branch") == branch {
		own = r.config.lacking(own)
	}
	if settings += own; settings == "" {
		return nil
	}
	b := r.config.text
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	return r.git.Replace("config", append(b, settings...))
}

// ensureExcluded adds the lines that .git/info/exclude lacks.
func (r *destT) ensureExcluded(info *durable.Dir, lines []string) error {
	b, err := info.ReadFile("exclude", maxConfig)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	more := lacking(b, lines)
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

// lacking are the lines that a file does not have.
func lacking(file []byte, lines []string) []string {
	have := map[string]bool{"": true}
	for l := range strings.Lines(string(file)) {
		have[strings.TrimRight(l, "\r\n")] = true
	}
	return slices.DeleteFunc(lines, func(l string) bool { return have[l] })
}

// closeToOthers takes what git made with an ordinary umask from everybody else.
func (r *destT) closeToOthers() error {
	for _, name := range []string{".git", "files", "copies"} {
		switch err := r.root.Restrict(name); {
		case gone(err): // or no folder: straighten has said so
		case err != nil:
			return err
		}
	}
	return nil
}
