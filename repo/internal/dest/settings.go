package repo

import (
	"errors"
	"fmt"
	"strings"

	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// adoptable is the branch to record: HEAD's, which must hold at least one record of ours.
func (r *destT) adoptable() (string, error) {
	branch, ok := strings.CutPrefix(r.refs.Head(), "refs/heads/")
	if !ok {
		return "", &refusal.Error{Kind: refusal.Foreign, Dest: r.dest, Msg: fmt.Sprintf("no branch is checked out in %s", record.Quote(r.dest)), Hint: "git checkout the history's branch first"}
	}
	tip, err := r.refs.Read("refs/heads/" + branch)
	if err != nil {
		return "", &refusal.Error{Kind: refusal.Damaged, Dest: r.dest, Msg: fmt.Sprintf("branch %s of %s cannot be read", record.Quote(branch), record.Quote(r.dest)), Err: err}
	}
	for id := tip; !id.IsZero(); {
		c, err := r.store.ReadCommit(id)
		if err != nil {
			return "", err
		}
		if record.HasRecord(c) {
			return branch, nil
		}
		id = c.FirstParent()
	}
	return "", &refusal.Error{Kind: refusal.Foreign, Dest: r.dest, Msg: fmt.Sprintf("branch %s of %s holds no record of timemachine's", record.Quote(branch), record.Quote(r.dest)), Hint: "choose another destination"}
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
	settings, own := r.config.Lacking(settings), ownSettings(branch)
	if r.config.Get("timemachine", "branch") == branch {
		own = r.config.Lacking(own)
	}
	if settings += own; settings == "" {
		return nil
	}
	b := r.config.Text
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	return r.git.Replace("config", append(b, settings...))
}

// ownSettings keeps other users out of what git writes, and git from changing a byte.
func ownSettings(branch string) string {
	return "[core]\n\tsharedRepository = 0600\n\tautocrlf = false\n\ttrustctime = false\n\tprecomposeunicode = false\n" +
		"[timemachine]\n\tbranch = " + branch + "\n"
}

const (
	probeName = "Probe" // whether names fold, with another spelling
	probeLink = "link"
)
