package config

import (
	"fmt"
	"regexp"

	"gopkg.in/yaml.v3"

	"timemachine/watch/pattern"
)

// IgnoredLines are lines of some files that change without meaning anything.
type IgnoredLines struct {
	Text string // the path or pattern, as written
	Line int    // of the file
	All  pattern.Lines
	glob pattern.Glob
}

// Matches tells whether the lines are of the file at path.
func (l *IgnoredLines) Matches(path string) bool { return l.glob.Matches(path) }

// LinesToIgnore are those of the file at path.
func (c *Config) LinesToIgnore(path string) (all []*IgnoredLines) {
	for _, l := range c.IgnoreLines {
		if l.Matches(path) {
			all = append(all, l)
		}
	}
	return all
}

// ignoreLines reads regular expressions by path or pattern.
func (p *parser) ignoreLines(n *yaml.Node) error {
	const example = `such as ignore-lines: {"/etc/app.conf": ["^# saved on "]}`
	if n.Kind != yaml.MappingNode {
		return p.errorAt(n, "ignore-lines is not a mapping of files to lists of expressions", example)
	}
	return p.mapping(n, func(name, value *yaml.Node, key string) error {
		text, err := p.pattern(key)
		l := &IgnoredLines{Text: key, Line: name.Line}
		if err == nil {
			l.glob, err = pattern.CompileGlob(text)
		}
		if err != nil {
			return p.errorAt(name, fmt.Sprintf("%q: %v", key, err), "")
		}
		if value.Kind != yaml.SequenceNode || len(value.Content) == 0 {
			return p.errorAt(value, fmt.Sprintf("ignore-lines: %q has no list of expressions", key), example)
		}
		for _, it := range value.Content {
			expr, err := p.text(it)
			if err != nil {
				return err
			}
			re, err := regexp.Compile(expr)
			if err != nil {
				return p.errorAt(it, fmt.Sprintf("ignore-lines: %q is no regular expression: %v", expr, err), "the syntax is that of RE2, in which \\d and \\s are known")
			}
			l.All = append(l.All, re)
		}
		p.config.IgnoreLines = append(p.config.IgnoreLines, l)
		return nil
	})
}
