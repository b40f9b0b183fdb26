package localgit

import (
	"maps"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/transport/fault"
)

// The sections of the settings for those who push and those who fetch (git-config(1)).
const (
	forPush  = "receive"
	forFetch = "uploadpack"
)

// hides tells whether the repository keeps a reference from those who push or fetch:
// transfer.hideRefs and the setting of the same name in section. git obeys the last line that names
// the reference or what it is below, and the two settings in the order of their lines, which only
// git knows.
func (r *Repository) hides(section, name string) (bool, error) {
	lines := r.config.Raw.Section("transfer").OptionAll("hideRefs")
	if own := r.config.Raw.Section(section).OptionAll("hideRefs"); len(own) > 0 && len(lines) > 0 {
		return false, needsGit("it has the settings transfer.hideRefs and " + section + ".hideRefs")
	} else if len(own) > 0 {
		lines = own
	}
	hidden := false
	for _, line := range lines {
		prefix, shown := strings.CutPrefix(line, "!")
		prefix = strings.TrimRight(strings.TrimPrefix(prefix, "^"), "/")
		if name == prefix || strings.HasPrefix(name, prefix+"/") {
			hidden = !shown
		}
	}
	return hidden, nil
}

// checkHidden refuses to move a reference that is hidden, in git's words.
func (r *Repository) checkHidden(name string) error {
	hidden, err := r.hides(forPush, name)
	if err == nil && hidden {
		err = fault.New(fault.Rejected, "deny updating a hidden ref", nil)
	}
	return err
}

// removeHidden removes what is hidden from those who fetch.
func (r *Repository) removeHidden(refs map[string]object.ID) error {
	for name := range maps.Clone(refs) {
		hidden, err := r.hides(forFetch, name)
		if err != nil {
			return err
		}
		if hidden {
			delete(refs, name)
		}
	}
	return nil
}
