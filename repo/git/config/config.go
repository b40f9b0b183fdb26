// Package config reads a repository's own .git/config.
//
// The format is git's, from the configuration file section of git-config(1); go-git parses it. The
// user's and the system's configurations are never read, and included files neither.
package config

import (
	"bytes"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/config"
)

// MaxSize is the largest configuration to read, in bytes.
const MaxSize = 1 << 20

// File is a repository's own .git/config.
type File struct {
	Raw  *config.Config
	Text []byte
}

// Parse reads a configuration. go-git words the syntax errors.
func Parse(text []byte) (File, error) {
	c := config.New()
	err := config.NewDecoder(bytes.NewReader(text)).Decode(c)
	return File{c, text}, err
}

// With is the configuration with another one after it, whose values count where both have a key:
// that of git's config.worktree. Text stays.
func (c File) With(text []byte) (File, error) {
	all, err := Parse(append(append(append([]byte{}, c.Text...), '\n'), text...))
	all.Text = c.Text
	return all, err
}

// Lacking is the part of some settings that the configuration does not set. Both are in the form of
// git's configuration.
func (c File) Lacking(settings string) string {
	var b strings.Builder
	section, written := "", ""
	for line := range strings.Lines(settings) {
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]\n")
			continue
		}
		key, _, _ := strings.Cut(strings.TrimSpace(line), " = ")
		if c.Raw.Section(section).HasOption(key) {
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

// Get is the last value of section.key; "" where it is not set.
func (c File) Get(section, key string) string {
	return c.Raw.Section(section).Options.Get(key)
}

// IsTrue reads a boolean as git does: a key without a value is true.
func (c File) IsTrue(section, key string) bool {
	s := c.Raw.Section(section)
	if !s.HasOption(key) {
		return false
	}
	switch strings.ToLower(s.Options.Get(key)) {
	case "false", "no", "off", "0":
		return false
	}
	return true
}

// Unsupported names the first setting that timemachine cannot obey; "" where there is none.
func (c File) Unsupported() string {
	if v := c.Get("core", "repositoryformatversion"); v != "" && v != "0" && v != "1" {
		return "core.repositoryFormatVersion = " + v
	}
	if c.Get("core", "worktree") != "" {
		return "core.worktree"
	}
	for _, o := range c.Raw.Section("extensions").Options {
		switch key := strings.ToLower(o.Key); {
		case key == "objectformat" && strings.EqualFold(o.Value, "sha1"):
		case key == "refstorage" && strings.EqualFold(o.Value, "files"):
		case key == "noop", key == "preciousobjects":
		case key == "worktreeconfig": // ReadConfig reads what it tells of
		default:
			return "extensions." + o.Key
		}
	}
	return ""
}

// Quote is a value as git writes it: in quotes where it would be read as another one.
func Quote(value string) string {
	if strings.Trim(value, " ") == value && !strings.ContainsAny(value, "\\\"\n\t#;") {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(value) + `"`
}

// QuoteName is the name of a subsection, which always stands in quotes. It holds no newline.
func QuoteName(name string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}
