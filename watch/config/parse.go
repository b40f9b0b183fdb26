package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"timemachine/watch/pattern"
)

// Keys are the keys of the mapping form, in the order of the manual.
var Keys = []string{"destination", "watch", "exclude", "max-size", "copies", "touched", "default-exclusions", "exclude-xattrs", "ignore-lines", "push"}

// parser builds a Config from a document.
type parser struct {
	*document
	env    Env
	config *Config
	folder string
	rules  []*Rule // of the whole file
	items  []item
}

// item is an entry before its patterns are compiled.
type item struct {
	node    *yaml.Node
	text    string
	exclude []string
	rules   []*Rule
}

// Parse reads the bytes of a configuration file. file is its absolute path, for messages and
// relative entries. The error is an *Error.
func Parse(file string, data []byte, env Env) (*Config, error) {
	d, err := readDocument(file, data)
	if err != nil {
		return nil, err
	}
	p := &parser{document: d, env: env, folder: filepath.Dir(file),
		config: &Config{File: file, literals: map[string]*Entry{}, given: map[string]given{}}, rules: slices.Clone(defaultExclusions)}
	if d.body != nil && d.body.Kind == yaml.MappingNode {
		err = p.mapping(d.body, p.key)
	} else if d.watch != nil {
		err = p.list(d.watch)
	}
	if err == nil {
		err = p.compile()
	}
	if err != nil {
		return nil, err
	}
	return p.config, nil
}

// mapping calls set for each key of a mapping. A key that is told twice is an error.
func (p *parser) mapping(n *yaml.Node, set func(name, value *yaml.Node, key string) error) error {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		key, err := p.text(name)
		if err == nil && seen[key] {
			err = p.errorAt(name, fmt.Sprintf("%s is told twice", key), "")
		}
		if err == nil {
			err = set(name, value, key)
		}
		if err != nil {
			return err
		}
		seen[key] = true
	}
	return nil
}

func (p *parser) key(name, value *yaml.Node, key string) (err error) {
	var text string
	p.config.given[key] = given{value.Value, name.Line}
	switch key {
	case "watch":
		return p.list(value)
	case "exclude":
		p.rules, err = p.addExclusions(value, p.rules, &p.config.excluded)
		return err
	case "exclude-xattrs":
		return p.excludeXattrs(value)
	case "ignore-lines":
		return p.ignoreLines(value)
	case "copies":
		return p.copies(value)
	case "push":
		return p.push(value)
	case "max-size":
		if value.Kind != yaml.ScalarNode {
			return p.errorAt(value, "max-size is a size such as 100MiB", "")
		}
		if p.config.MaxSize, err = parseSize(value.Value); err != nil || p.config.MaxSize == 0 {
			return p.errorAt(value, fmt.Sprintf("max-size: %q is not a size such as 100MiB", value.Value), "")
		}
		return nil
	case "destination":
		if text, err = p.text(value); err == nil {
			p.config.Destination, err = p.path(value, text)
		}
		return err
	case "touched":
		if value.Value != "record" && value.Value != "ignore" {
			return p.errorAt(value, fmt.Sprintf("touched: %q is neither record nor ignore", value.Value), "")
		}
		p.config.IgnoreTouched = value.Value == "ignore"
		return nil
	case "default-exclusions":
		if value.Value != "true" && value.Value != "false" {
			return p.errorAt(value, fmt.Sprintf("default-exclusions: %q is neither true nor false", value.Value), "")
		}
		if value.Value == "false" {
			p.rules, p.config.NoDefaults = p.rules[len(defaultExclusions):], true
		}
		return nil
	}
	return p.errorAt(name, fmt.Sprintf("unknown key %q", key), "the keys are "+strings.Join(Keys, ", "))
}

func (p *parser) copies(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return p.copiesMode(n)
	}
	if n.Kind != yaml.MappingNode {
		return p.errorAt(n, "copies is all, none, a time, a number, or a mapping with keep and min-free", "")
	}
	return p.mapping(n, func(name, value *yaml.Node, key string) (err error) {
		p.config.given["copies."+key] = given{value.Value, name.Line}
		switch key {
		case "keep":
			return p.copiesMode(value)
		case "min-free":
			if p.config.CopiesMinFree, err = parseFree(value.Value); err != nil {
				err = p.errorAt(value, "min-free: "+err.Error(), "")
			}
			return err
		}
		return p.errorAt(name, fmt.Sprintf("unknown key %q", key), "the keys of copies are keep, min-free")
	})
}

func (p *parser) copiesMode(n *yaml.Node) (err error) {
	if p.config.CopiesKeep, err = parseKeep(n.Value); err != nil {
		return p.errorAt(n, fmt.Sprintf("copies: %q is %v", n.Value, err), "such as all, none, 30d, or 10")
	}
	return nil
}

// list reads the watch list.
func (p *parser) list(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.SequenceNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return p.errorAt(n, "the watch list is not a list", "write a path a line, each after \"- \"")
	}
	for _, it := range n.Content {
		if it.Kind == yaml.MappingNode {
			if err := p.entryMapping(it); err != nil {
				return err
			}
			continue
		}
		text, err := p.text(it)
		if err != nil {
			return err
		}
		p.config.addLine(text, it.Line)
		if rule, ok := strings.CutPrefix(text, "!"); ok {
			p.rules, err = p.compileRule(it, rule, p.rules)
		} else {
			p.items = append(p.items, item{node: it, text: text})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) entryMapping(n *yaml.Node) error {
	it := item{node: n}
	err := p.mapping(n, func(name, value *yaml.Node, key string) (err error) {
		switch key {
		case "path":
			it.text, err = p.text(value)
			it.node = value
		case "exclude":
			it.rules, err = p.addExclusions(value, nil, &it.exclude)
		default:
			err = p.errorAt(name, fmt.Sprintf("unknown key %q", key), "the keys of an entry are path, exclude")
		}
		return err
	})
	if err == nil && it.text == "" {
		err = p.errorAt(n, "an entry has no path", "")
	}
	if err != nil {
		return err
	}
	p.config.addLine(it.text, it.node.Line)
	p.items = append(p.items, it)
	return nil
}

// addExclusions reads a list of patterns. It appends them to rules, and their texts to texts unless
// that is nil.
func (p *parser) addExclusions(n *yaml.Node, rules []*Rule, texts *[]string) ([]*Rule, error) {
	if n.Kind != yaml.SequenceNode {
		return nil, p.errorAt(n, "exclude is not a list", "write [\"*.swp\"]")
	}
	for _, it := range n.Content {
		text, err := p.text(it)
		if err == nil {
			rules, err = p.compileRule(it, text, rules)
		}
		if err != nil {
			return nil, err
		}
		if texts != nil {
			*texts = append(*texts, text)
		}
	}
	return rules, nil
}

// compileRule compiles one exclusion and appends it to rules.
func (p *parser) compileRule(n *yaml.Node, text string, rules []*Rule) ([]*Rule, error) {
	written := text
	body, again := strings.CutPrefix(text, "!")
	if strings.HasPrefix(body, "/") || strings.HasPrefix(body, "~/") || strings.HasPrefix(body, "$") {
		expanded, err := p.env.expand(body)
		if err != nil {
			return nil, p.errorAt(n, fmt.Sprintf("%q: %v", text, err), "")
		}
		if text = expanded; again {
			text = "!" + text
		}
	}
	x, err := pattern.CompileExclusion(text)
	if err != nil {
		return nil, p.errorAt(n, err.Error(), "")
	}
	rule := &Rule{Exclusion: *x, Text: written}
	if n != nil {
		rule.Line = n.Line
	}
	return append(rules, rule), nil
}

// path returns the path that a literal text stands for.
func (p *parser) path(n *yaml.Node, text string) (string, error) {
	expanded, err := p.pattern(text)
	if err != nil {
		return "", p.errorAt(n, fmt.Sprintf("%q: %v", text, err), "")
	}
	return filepath.Clean(pattern.Unescape(expanded)), nil
}

// pattern expands a text to an absolute pattern.
func (p *parser) pattern(text string) (string, error) {
	expanded, err := p.env.expand(text)
	if err == nil && !strings.HasPrefix(expanded, "/") {
		expanded = pattern.Escape(p.folder) + "/" + expanded
	}
	return expanded, err
}

// compile makes entries of the items, without duplicates.
func (p *parser) compile() error {
	seen := map[string]bool{}
	for _, it := range p.items {
		text, err := p.pattern(it.text)
		e := &Entry{Text: it.text, Line: it.node.Line, folder: p.folder}
		if err == nil {
			e.Glob, err = pattern.CompileGlob(text)
		}
		if err != nil {
			return p.errorAt(it.node, fmt.Sprintf("%q: %v", it.text, err), "")
		}
		if key := entryKey(e, it.exclude); seen[key] {
			continue
		} else {
			seen[key] = true
		}
		for _, x := range append(slices.Clone(p.rules), it.rules...) {
			if !x.IsDefault() || e.IsLiteral() || !e.Names(&x.Exclusion) {
				e.addRule(x)
			}
		}
		p.config.Entries = append(p.config.Entries, e)
		if e.IsLiteral() && p.config.literals[e.Root] == nil {
			p.config.literals[e.Root] = e
		}
	}
	return nil
}

var (
	errNoHome    = errors.New("the home folder is not known: write the path out")
	errOtherHome = errors.New("~ with a name is not known: write the path out")
)

// expand replaces ~ and variables. It escapes their values, so that a * in one is no wildcard.
func (env Env) expand(text string) (string, error) {
	if rest, ok := strings.CutPrefix(text, "~"); ok {
		if rest != "" && rest[0] != '/' {
			return "", errOtherHome
		}
		if env.Home == "" {
			return "", errNoHome
		}
		tail, err := env.variables(rest)
		return pattern.Escape(env.Home) + tail, err
	}
	return env.variables(text)
}

// variables replaces variables and \\$.
func (env Env) variables(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '$':
			i++
			b.WriteByte('$')
		case text[i] == '\\' && i+1 < len(text):
			b.WriteString(text[i : i+2])
			i++
		case text[i] == '$':
			name, n := variableName(text[i+1:])
			if name == "" {
				return "", errors.New("$ without a name: write \\$ for a dollar sign")
			}
			value, ok := env.variable(name)
			if !ok {
				return "", fmt.Errorf("the variable $%s is not set", name)
			}
			if value == "" {
				return "", fmt.Errorf("the variable $%s is empty", name)
			}
			b.WriteString(pattern.Escape(value))
			i += n
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), nil
}

// variableName returns the name in NAME or {NAME} at the start of s, and the length of that.
func variableName(s string) (name string, n int) {
	if rest, ok := strings.CutPrefix(s, "{"); ok {
		end := strings.IndexByte(rest, '}')
		if end < 0 || nameLength(rest[:end]) != end {
			return "", 0
		}
		return rest[:end], end + 2
	}
	n = nameLength(s)
	return s[:n], n
}

// nameLength returns the length of the variable name at the start of s.
func nameLength(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || n > 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return n
}
