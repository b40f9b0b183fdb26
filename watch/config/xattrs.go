package config

import (
	"fmt"
	"path"
	"slices"

	"gopkg.in/yaml.v3"
)

// unrecordedXattrs are the extended attributes that are never recorded: the kernel makes them from
// the rest, or they belong to a mount, so that they cannot be given back.
var unrecordedXattrs = []string{"security.evm", "security.ima", "trusted.overlay.*", "system.ntfs_*", "system.cifs_*"}

// KeepsXattr tells whether the extended attribute name is recorded.
func (c *Config) KeepsXattr(name string) bool {
	leavesOut := func(glob string) bool {
		matches, _ := path.Match(glob, name)
		return matches
	}
	return !slices.ContainsFunc(unrecordedXattrs, leavesOut) && !slices.ContainsFunc(c.ExcludeXattrs, leavesOut)
}

// excludeXattrs reads the names of attributes that are left out.
func (p *parser) excludeXattrs(n *yaml.Node) error {
	if n.Kind != yaml.SequenceNode {
		return p.errorAt(n, "exclude-xattrs is not a list", "write [\"user.*\"]")
	}
	for _, it := range n.Content {
		text, err := p.text(it)
		if err != nil {
			return err
		}
		if _, err := path.Match(text, ""); err != nil || text == "" {
			return p.errorAt(it, fmt.Sprintf("exclude-xattrs: %q is no pattern of names", text), "")
		}
		p.config.ExcludeXattrs = append(p.config.ExcludeXattrs, text)
	}
	return nil
}
