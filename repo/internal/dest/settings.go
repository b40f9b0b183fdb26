package dest

import (
	"errors"
	"fmt"
	"strings"

	"timemachine/repo/git/config"
)

// writeSettings adds the settings that the configuration lacks at its end, since git takes the last
// value of a key. It also writes the files in .git/info.
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
	if err := errors.Join(r.Stage.Remove(probeName), r.Stage.Remove(probeLink)); err != nil {
		// of an interrupted probe
		return err
	}
	settings, err := probe(r.Stage)
	if err != nil {
		return err
	}
	settings, required := r.Config.Lacking(settings), requiredSettings(branch)
	if r.Config.Get("timemachine", "branch") == branch {
		required = r.Config.Lacking(required)
	}
	if settings += required; settings == "" {
		return nil
	}
	b := r.Config.Text
	if len(b) > 0 && b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	return r.Git.Replace("config", append(b, settings...))
}

// format is the format of a destination, as docs/format.md describes it. Destinations from before
// the setting have none, and format 1.
const format = 1

// requiredSettings keep other users out of what git writes, and keep git from changing a byte.
func requiredSettings(branch string) string {
	return "[core]\n\tsharedRepository = 0600\n\tautocrlf = false\n\ttrustctime = false\n\tprecomposeunicode = false\n" +
		// branch last: isBranchCut
		fmt.Sprintf("[timemachine]\n\tformat = %d\n\tbranch = %s\n", format, config.Quote(branch))
}

// OverriddenSettings are the lines section.key = value of the settings that timemachine needs, with
// the value that it needs, where the configuration gives them another one.
func (r *Dest) OverriddenSettings() []string {
	var all []string
	section := ""
	for line := range strings.Lines(requiredSettings("")) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
			continue
		}
		key, value, _ := strings.Cut(line, " = ")
		if now := r.Config.Get(section, key); section == "core" && r.Config.Raw.Section(section).HasOption(key) && !sameSetting(now, value) {
			all = append(all, section+"."+key+" = "+value)
		}
	}
	return all
}

// sameSetting tells whether git reads two values of a boolean, or of another setting, alike.
func sameSetting(now, needed string) bool {
	switch strings.ToLower(now) {
	case "false", "no", "off", "0":
		return needed == "false"
	}
	return now == needed
}
