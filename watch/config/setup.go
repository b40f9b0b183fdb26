package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"timemachine/watch/pattern"
)

// setupText is the text of a configuration that names its destination.
const setupText = `# What timemachine watches: a file, folder or pattern a line, each after "- ",
# and where it keeps their history. All keys: timemachine help config
destination: %s
watch:
`

// privateMode closes a file to other users.
const privateMode fs.FileMode = 0o600

// CreateWithDestination makes a configuration file, closed to other users, with a destination and
// an empty watch list. The error is fs.ErrExist for an existing file, and otherwise an *Error.
func CreateWithDestination(file, destination string) error {
	if !utf8.ValidString(destination) {
		return &Error{File: file, Msg: fmt.Sprintf("%q is not UTF-8, which YAML cannot hold", destination), Hint: "name another destination"}
	}
	return createFile(file, fmt.Appendf(nil, setupText, yamlScalar(literalText(destination), false)), privateMode)
}

// literalText is the text of an entry that stands for one absolute path, whatever its characters.
func literalText(path string) string {
	return strings.ReplaceAll(pattern.Escape(path), "$", `\$`)
}

// SetPush adds "push: REMOTE" to a configuration without that key. It changes no other byte. Where
// that is not possible, it leaves the file alone and returns an *Error. A configuration with the
// key stays as it is.
func SetPush(file string, env Env, remote string) error {
	line := "push: " + yamlWord(remote)
	return editConfig(file, env, func(data []byte, c *Config) ([]byte, error) {
		if c.Push != nil {
			return data, nil
		}
		d, err := readEditable(file, data)
		if err != nil {
			return nil, err
		}
		byHand := &Error{File: file, Msg: "has no place for push:", Hint: "write it by hand, in the full form: " + line}
		if d.body == nil || d.body.Kind != yaml.MappingNode || d.body.Style&yaml.FlowStyle != 0 {
			return nil, byHand
		}
		data = insertLine(data, -1, line)
		now, err := Parse(file, data, env)
		if err != nil || now.Push == nil || now.Push.Remote != remote {
			return nil, byHand
		}
		return data, verifyEdit(file, data, env, c.Lines())
	})
}

// yamlWord is a text outside brackets, in quotes where YAML would read it otherwise.
func yamlWord(text string) string {
	if flowWord(text) == text {
		return text
	}
	return quoteYAML(text)
}

// Read returns the bytes of a configuration file that need not be valid. Its errors are those of
// Load.
func Read(file string, env Env) ([]byte, error) { return readConfigFile(file, env) }

// Replace replaces the whole content of a configuration file, old, by another. It replaces the file
// atomically and keeps its mode and owner; of a link it replaces the target. Where the content is
// not old any more, or data is not valid, it leaves the file alone and returns an *Error.
func Replace(file string, env Env, old, data []byte) error {
	changed := &Error{File: file, Msg: "was changed by another program meanwhile"}
	err := underLock(file, env, func(target string, now []byte) error {
		if !bytes.Equal(now, old) {
			return changed
		}
		if _, err := Parse(file, data, env); err != nil {
			return err
		}
		return replaceFile(target, data)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return changed
	}
	return err
}
