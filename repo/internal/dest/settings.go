package dest

import (
	"errors"
	"fmt"
	"strings"

	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// adoptable is the branch to record: HEAD's, which must hold at least one record of ours.
func (r *Dest) adoptable() (string, error) {
	branch, ok := strings.CutPrefix(r.Refs.Head(), "refs/heads/")
	if !ok {
		return "", &refusal.Error{Kind: refusal.Foreign, Dest: r.Path, Msg: fmt.Sprintf("no branch is checked out in %s", record.Quote(r.Path)), Remedy: refusal.Remedy{Kind: refusal.CheckOutBranch}}
	}
	tip, err := r.Refs.Read("refs/heads/" + branch)
	if err != nil {
		return "", &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: fmt.Sprintf("branch %s of %s cannot be read", record.Quote(branch), record.Quote(r.Path)), Err: err}
	}
	for id := tip; !id.IsZero(); {
		c, err := r.Store.ReadCommit(id)
		if err != nil {
			return "", err
		}
		if record.HasRecord(c) {
			return branch, nil
		}
		id = c.FirstParent()
	}
	return "", &refusal.Error{Kind: refusal.Foreign, Dest: r.Path, Msg: fmt.Sprintf("branch %s of %s holds no record of timemachine's", record.Quote(branch), record.Quote(r.Path)), Remedy: refusal.Remedy{Kind: refusal.ChooseDestination}}
}

// writeSettings adds ours, and what of git's a new repository has, after what the configuration
// holds: git takes the last value of a key.
func (r *Dest) writeSettings(branch string) error {
	if err := r.writeConfig(branch); err != nil {
		return err
	}
	info, err := r.Git.MakeSub("info")
	if err != nil {
		return err
	}
	_, err = ensureAttributes(info)
	if err = errors.Join(err, info.Close()); err != nil {
		return err
	}
	return r.EnsureInfoFiles()
}

func (r *Dest) writeConfig(branch string) error {
	if err := errors.Join(r.Stage.Remove(probeName), r.Stage.Remove(probeLink)); err != nil { // of one that was cut short
		return err
	}
	settings, err := probe(r.Stage)
	if err != nil {
		return err
	}
	settings, own := r.Config.Lacking(settings), ownSettings(branch)
	if r.Config.Get("timemachine", "branch") == branch {
		own = r.Config.Lacking(own)
	}
	if settings += own; settings == "" {
		return nil
	}
	b := r.Config.Text
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	return r.Git.Replace("config", append(b, settings...))
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
