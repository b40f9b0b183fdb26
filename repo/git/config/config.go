package repo

import (
	"bytes"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/config"
)

const maxConfig = 1 << 20

// gitConfig is the destination's own .git/config; the user's and the system's are never read.
type gitConfig struct {
	raw  *config.Config
	text []byte
}

func parseGitConfig(text []byte) (gitConfig, error) {
	c := config.New()
	err := config.NewDecoder(bytes.NewReader(text)).Decode(c)
	return gitConfig{c, text}, err
}

// lacking is what of some settings, in the form of git's configuration, is not set.
func (c gitConfig) lacking(settings string) string {
	var b strings.Builder
	section, written := "", ""
	for line := range strings.Lines(settings) {
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]\n")
			continue
		}
		key, _, _ := strings.Cut(strings.TrimSpace(line), " = ")
		if c.raw.Section(section).HasOption(key) {
			continue
		}
		if section != written {
			b.WriteString("[" + section + "]\n")
			written = section
		}
		b.WriteString(line)
	}
	return b.String()
}

// get is the last value of section.key, "" where it is not set.
func (c gitConfig) get(section, key string) string {
	return c.raw.Section(section).Options.Get(key)
}

// isTrue reads a boolean as git does.
func (c gitConfig) isTrue(section, key string) bool {
	s := c.raw.Section(section)
	if !s.HasOption(key) {
		return false
	}
	switch strings.ToLower(s.Options.Get(key)) {
	case "false", "no", "off", "0":
		return false
	}
	return true
}

// unsupported names the first setting with which timemachine could not do the right thing, "" where there is none.
func (c gitConfig) unsupported() string {
	if v := c.get("core", "repositoryformatversion"); v != "" && v != "0" && v != "1" {
		return "core.repositoryFormatVersion = " + v
	}
	if c.get("core", "worktree") != "" {
		return "core.worktree"
	}
	for _, o := range c.raw.Section("extensions").Options {
		switch key := strings.ToLower(o.Key); {
		case key == "objectformat" && strings.EqualFold(o.Value, "sha1"):
		case key == "refstorage" && strings.EqualFold(o.Value, "files"):
		case key == "noop", key == "preciousobjects":
		case key == "worktreeconfig" && strings.EqualFold(o.Value, "false"):
		default:
			return "extensions." + o.Key
		}
	}
	return ""
}
