package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Push says where runs push the recorded branch.
type Push struct {
	// Remote is the name of one of the repository's remotes, a URL, or a path.
	Remote string
	// Branch is the branch at the remote, without refs/heads/. It may hold {hostname}. "": the name
	// of the recorded branch.
	Branch string
	// Timeout ends an exchange with the remote. It is between a second and a day.
	Timeout time.Duration
	With    PushWay
	// Private says that the remote may have files which not everybody may read here.
	Private bool
}

// PushWay is the program that speaks with a remote.
type PushWay string

const (
	PushAuto    PushWay = "auto" // git where it can, else built in
	PushGit     PushWay = "git"
	PushBuiltin PushWay = "builtin"
)

// DefaultPushTimeout is how long an exchange with a remote may take where nothing is told.
const DefaultPushTimeout = time.Minute

// LongestPushTimeout is the longest one that can be told.
const LongestPushTimeout = 24 * time.Hour

// push reads a remote, or the mapping that tells more of it.
func (p *parser) push(n *yaml.Node) (err error) {
	push := &Push{Timeout: DefaultPushTimeout, With: PushAuto}
	if n.Kind == yaml.ScalarNode {
		push.Remote, err = p.remote(n)
	} else if n.Kind != yaml.MappingNode {
		return p.errorAt(n, "push is a remote, or a mapping with remote, branch, timeout, with and private", "write push: origin")
	} else {
		err = p.mapping(n, func(name, value *yaml.Node, key string) error { return p.pushKey(push, name, value, key) })
	}
	if err == nil && push.Remote == "" {
		err = p.errorAt(n, "push has no remote", "write remote: origin")
	}
	p.config.Push = push
	return err
}

func (p *parser) pushKey(push *Push, name, value *yaml.Node, key string) (err error) {
	p.config.given["push."+key] = given{value.Value, name.Line}
	switch key {
	case "remote":
		push.Remote, err = p.remote(value)
		return err
	case "branch":
		push.Branch, err = p.text(value)
		return err
	case "timeout":
		push.Timeout, err = time.ParseDuration(value.Value)
		if err != nil || push.Timeout < time.Second || push.Timeout > LongestPushTimeout {
			return p.errorAt(value, fmt.Sprintf("timeout: %q is not a time between 1s and 24h", value.Value), "such as 60s or 10m")
		}
		return nil
	case "with":
		push.With = PushWay(value.Value)
		if push.With != PushAuto && push.With != PushGit && push.With != PushBuiltin {
			return p.errorAt(value, fmt.Sprintf("with: %q is none of auto, git and builtin", value.Value), "")
		}
		return nil
	case "private":
		switch value.Value {
		case "yes", "true":
			push.Private = true
		case "no", "false":
		default:
			return p.errorAt(value, fmt.Sprintf("private: %q is neither yes nor no", value.Value), "")
		}
		return nil
	}
	return p.errorAt(name, fmt.Sprintf("unknown key %q", key), "the keys of push are remote, branch, timeout, with, private")
}

// remote reads the name of a remote. One that git would take for an option is refused.
func (p *parser) remote(n *yaml.Node) (string, error) {
	text, err := p.text(n)
	if err == nil && (text == "" || strings.HasPrefix(text, "-") || strings.ContainsAny(text, "\x00\n\r")) {
		err = p.errorAt(n, fmt.Sprintf("push: %q is not a remote", text), "write the name of a git remote, or a URL")
	}
	return text, err
}

// Line is the push as a line of the configuration: the remote, and what is not the default.
func (p *Push) Line() string {
	words := []string{"remote: " + flowWord(p.Remote)}
	add := func(wanted bool, text string) {
		if wanted {
			words = append(words, text)
		}
	}
	add(p.Branch != "", "branch: "+flowWord(p.Branch))
	add(p.Timeout != 0 && p.Timeout != DefaultPushTimeout, "timeout: "+p.Timeout.String())
	add(p.With != "" && p.With != PushAuto, "with: "+string(p.With))
	add(p.Private, "private: yes")
	return "push: {" + strings.Join(words, ", ") + "}"
}

// flowWord is a text within braces, in quotes where YAML would read it otherwise.
func flowWord(s string) string {
	var read map[string]any
	if err := yaml.Unmarshal([]byte("{a: "+s+", b: c}"), &read); err == nil && len(read) == 2 && read["a"] == s {
		return s
	}
	return strconv.Quote(s)
}
