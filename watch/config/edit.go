package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"timemachine/repo/durable"
	"timemachine/watch/pattern"
)

// newConfigText is the text of a new configuration file.
const newConfigText = `# What timemachine watches: a file, folder or pattern a line, each after "- ".
# Add one with: timemachine add PATH
#
# - /etc/hosts
# - ~/notes/**/*.md
# - "!*.bak"
`

// publicMode lets other users read a file.
const publicMode fs.FileMode = 0o644

// Create makes a configuration file with an empty watch list. The error is fs.ErrExist for an
// existing file, and otherwise an *Error.
func Create(file string) error {
	return createFile(file, []byte(newConfigText), publicMode)
}

// AddEntries adds literal absolute paths to the watch list, and returns those that it already has.
// It changes no byte outside the new lines. Where that is not possible, it leaves the file alone
// and returns an *Error.
func AddEntries(file string, env Env, paths []string) (added, already []string, err error) {
	err = editConfig(file, env, func(data []byte, c *Config) ([]byte, error) {
		added, already = nil, nil
		texts := c.Lines()
		for _, path := range paths {
			if !utf8.ValidString(path) {
				return nil, &Error{File: file, Msg: fmt.Sprintf("%q is not UTF-8, which YAML cannot hold", path), Hint: "watch its folder"}
			}
			if c.literals[path] != nil || slices.Contains(added, path) {
				already = append(already, path)
				continue
			}
			text := literalText(path)
			if data, err = insertItem(file, data, text); err != nil {
				return nil, err
			}
			added, texts = append(added, path), append(texts, text)
		}
		return data, verifyEdit(file, data, env, texts)
	})
	return added, already, err
}

// IsPattern tells whether a text that a person adds or removes is a pattern or an exclusion. One
// that cannot be read as a pattern is a name.
func IsPattern(text string) bool {
	g, err := pattern.CompileGlob(text)
	return strings.HasPrefix(text, "!") || err == nil && !g.IsLiteral()
}

// PatternText returns a pattern or exclusion as it stands in the watch list. A pattern that is
// relative begins at folder. Exclusions, and what begins with ~ or $, stay as they are.
func PatternText(text, folder string) string {
	if strings.ContainsAny(text[:1], "!~$/") {
		return text
	}
	return literalText(folder) + "/" + strings.TrimPrefix(text, "./")
}

// MissingText returns the text by which a person adds a path that does not exist. Where it reads as
// a pattern, it is one that matches this path only.
func MissingText(path string) string { return pattern.OnlyName(path) }

// ExclusionOf returns the text that leaves out one absolute path, with all below it.
func ExclusionOf(path string) string { return "!" + literalText(path) }

// AddPatterns adds texts that PatternRoot accepts to the watch list, and returns those that it
// already has. It is otherwise AddEntries.
func AddPatterns(file string, env Env, texts []string) (added, already []string, err error) {
	err = editConfig(file, env, func(data []byte, c *Config) ([]byte, error) {
		added, already = nil, nil
		list := c.Lines()
		for _, text := range texts {
			if slices.Contains(list, text) {
				already = append(already, text)
				continue
			}
			if data, err = insertItem(file, data, text); err != nil {
				return nil, err
			}
			added, list = append(added, text), append(list, text)
		}
		return data, verifyEdit(file, data, env, list)
	})
	return added, already, err
}

// PatternRoot checks a text of PatternText for the configuration in file. It returns the folder
// that a pattern begins in, "" for an exclusion.
func PatternRoot(file string, env Env, text string) (string, error) {
	p := parser{document: &document{}, env: env, folder: filepath.Dir(file)}
	if !utf8.ValidString(text) {
		return "", p.errorAt(nil, fmt.Sprintf("%q is not UTF-8, which YAML cannot hold", text), "watch a folder instead")
	}
	if rule, ok := strings.CutPrefix(text, "!"); ok {
		_, err := p.compileRule(nil, rule, nil)
		return "", err
	}
	expanded, err := p.pattern(text)
	if err != nil {
		return "", p.errorAt(nil, fmt.Sprintf("%q: %v", text, err), "")
	}
	g, err := pattern.CompileGlob(expanded)
	if err != nil {
		return "", p.errorAt(nil, fmt.Sprintf("%q: %v", text, err), "")
	}
	return g.Root, nil
}

// RemoveEntries removes the entries that resolve to one of paths, or whose text is one of them. It
// returns the paths that it found and those that it did not. It changes no byte outside the lines
// of the entries.
func RemoveEntries(file string, env Env, paths []string) (removed, unknown []string, err error) {
	err = editConfig(file, env, func(data []byte, c *Config) ([]byte, error) {
		removed, unknown = nil, nil
		texts := c.Lines()
		for _, path := range paths {
			found := false
			for i := len(texts) - 1; i >= 0; i-- {
				if !sameEntry(c, texts[i], path, env) {
					continue
				}
				if data, err = deleteItem(file, data, i); err != nil {
					return nil, err
				}
				texts, found = slices.Delete(texts, i, i+1), true
			}
			if found {
				removed = append(removed, path)
			} else {
				unknown = append(unknown, path)
			}
		}
		return data, verifyEdit(file, data, env, texts)
	})
	return removed, unknown, err
}

// sameEntry tells whether an item's text names the path or pattern that the user asked for.
func sameEntry(c *Config, text, asked string, env Env) bool {
	if text == asked {
		return true
	}
	if strings.HasPrefix(text, "!") {
		return false
	}
	p := parser{env: env, folder: filepath.Dir(c.File)}
	expanded, err := p.pattern(text)
	if err != nil {
		return false
	}
	g, err := pattern.CompileGlob(expanded)
	return err == nil && (g.IsLiteral() && g.Root == filepath.Clean(asked) || !g.IsLiteral() && g.Pattern == asked)
}

// errUnsafe says that an edit would change other lines.
func errUnsafe(file string) error {
	return &Error{File: file, Msg: "cannot be edited without touching other lines", Hint: "edit it by hand"}
}

// verifyEdit checks that the new bytes hold exactly the wanted items.
func verifyEdit(file string, data []byte, env Env, want []string) error {
	c, err := Parse(file, data, env)
	if err != nil || !slices.Equal(c.Lines(), want) {
		return errUnsafe(file)
	}
	return nil
}

// lineBounds returns where line n (from 1) begins in data, and where the next line begins.
func lineBounds(data []byte, n int) (start, end int) {
	for ; n > 1 && start < len(data); n-- {
		i := bytes.IndexByte(data[start:], '\n')
		if i < 0 {
			return len(data), len(data)
		}
		start += i + 1
	}
	if i := bytes.IndexByte(data[start:], '\n'); i >= 0 {
		return start, start + i + 1
	}
	return start, len(data)
}

// nodeOffset returns where a node begins in data.
func nodeOffset(data []byte, n *yaml.Node) int {
	start, end := lineBounds(data, n.Line)
	for col := 1; col < n.Column && start < end; col++ {
		_, size := utf8.DecodeRune(data[start:end])
		start += size
	}
	return start
}

// lastLine returns the last line on which a part of the node begins.
func lastLine(n *yaml.Node) int {
	line := n.Line
	for _, c := range n.Content {
		line = max(line, lastLine(c))
	}
	return line
}

func splice(data []byte, from, to int, text string) []byte {
	return slices.Concat(data[:from], []byte(text), data[to:])
}

// yamlScalar writes a text as YAML, with quotes where it needs them. flow says that it stands
// inside brackets.
func yamlScalar(text string, flow bool) string {
	var items []string
	err := yaml.Unmarshal([]byte("- "+text), &items)
	if err == nil && len(items) == 1 && items[0] == text && !strings.ContainsAny(text, "#\"'\n\r\t") &&
		!(flow && strings.ContainsAny(text, ",[]{}")) && strings.HasPrefix(text, "/") && strings.TrimSpace(text) == text && printable(text) {
		return text
	}
	return quoteYAML(text)
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff
	}) < 0
}

func quoteYAML(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, "\\x%02x", r)
		case r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// readEditable reads a document that has no line breaks but newlines. YAML has others, after which
// the parser's line numbers would not fit.
func readEditable(file string, data []byte) (*document, error) {
	crlf := bytes.Count(data, []byte("\r\n"))
	if bytes.Count(data, []byte("\r")) != crlf || bytes.ContainsAny(data, "\u0085\u2028\u2029") {
		return nil, errUnsafe(file)
	}
	return readDocument(file, data)
}

// insertItem adds an item after the last one of the watch list.
func insertItem(file string, data []byte, text string) ([]byte, error) {
	d, err := readEditable(file, data)
	if err != nil {
		return nil, err
	}
	switch list := d.watch; {
	case d.body == nil:
		return insertLine(data, len(data), "- "+yamlScalar(text, false)), nil
	case list == nil:
		return insertLine(insertLine(data, len(data), "watch:"), -1, "  - "+yamlScalar(text, false)), nil
	case list.Kind == yaml.ScalarNode:
		return insertIntoNull(file, data, d, text)
	case list.Kind != yaml.SequenceNode:
		return nil, errUnsafe(file)
	case list.Style&yaml.FlowStyle != 0:
		return insertFlow(file, data, list, text)
	default:
		return insertBlock(data, list, text), nil
	}
}

// insertLine inserts a line at offset at (-1: the end), with the line ending of the other lines.
func insertLine(data []byte, at int, line string) []byte {
	if at < 0 {
		at = len(data)
	}
	newline := "\n"
	if i := bytes.IndexByte(data, '\n'); i > 0 && data[i-1] == '\r' {
		newline = "\r\n"
	}
	if at > 0 && data[at-1] != '\n' {
		return splice(data, at, at, newline+line)
	}
	return splice(data, at, at, line+newline)
}

// insertBlock adds an item to a list with an item a line.
func insertBlock(data []byte, list *yaml.Node, text string) []byte {
	last := list.Content[len(list.Content)-1]
	start, _ := lineBounds(data, last.Line)
	prefix := string(data[start:nodeOffset(data, last)])
	if dash := strings.TrimLeft(prefix, " "); !strings.HasPrefix(dash, "-") || strings.Trim(dash[1:], " ") != "" {
		prefix = strings.Repeat(" ", list.Column-1) + "- "
	}
	_, end := lineBounds(data, lastLine(last))
	return insertLine(data, end, prefix+yamlScalar(text, false))
}

// insertIntoNull adds the first item below a key without a value.
func insertIntoNull(file string, data []byte, d *document, text string) ([]byte, error) {
	for i := 0; i+1 < len(d.body.Content); i += 2 {
		key := d.body.Content[i]
		if d.body.Content[i+1] != d.watch || d.watch.Value != "" || d.body.Style&yaml.FlowStyle != 0 {
			continue
		}
		_, end := lineBounds(data, key.Line)
		return insertLine(data, end, strings.Repeat(" ", key.Column+1)+"- "+yamlScalar(text, false)), nil
	}
	return nil, errUnsafe(file)
}

// insertFlow adds an item to a list in brackets.
func insertFlow(file string, data []byte, list *yaml.Node, text string) ([]byte, error) {
	if len(list.Content) == 0 {
		open := nodeOffset(data, list)
		if open >= len(data) || data[open] != '[' {
			return nil, errUnsafe(file)
		}
		return splice(data, open+1, open+1, yamlScalar(text, true)), nil
	}
	end := flowEnd(data, list.Content[len(list.Content)-1])
	if end < 0 {
		return nil, errUnsafe(file)
	}
	return splice(data, end, end, ", "+yamlScalar(text, true)), nil
}

// flowEnd returns where a scalar inside brackets ends, or -1 where that is not certain.
func flowEnd(data []byte, n *yaml.Node) int {
	at := nodeOffset(data, n)
	if n.Kind != yaml.ScalarNode || at >= len(data) {
		return -1
	}
	switch data[at] {
	case '"':
		for i := at + 1; i < len(data); i++ {
			if data[i] == '\\' {
				i++
			} else if data[i] == '"' {
				return i + 1
			}
		}
		return -1
	case '\'':
		for i := at + 1; i < len(data); i++ {
			if data[i] == '\'' && (i+1 == len(data) || data[i+1] != '\'') {
				return i + 1
			} else if data[i] == '\'' {
				i++
			}
		}
		return -1
	}
	if !bytes.HasPrefix(data[at:], []byte(n.Value)) {
		return -1
	}
	return at + len(n.Value)
}

// deleteItem removes item number i of the watch list.
func deleteItem(file string, data []byte, i int) ([]byte, error) {
	d, err := readEditable(file, data)
	if err != nil {
		return nil, err
	}
	if d.watch == nil || i >= len(d.watch.Content) {
		return nil, errUnsafe(file)
	}
	items := d.watch.Content
	if d.watch.Style&yaml.FlowStyle == 0 {
		from, _ := lineBounds(data, items[i].Line)
		_, to := lineBounds(data, lastLine(items[i]))
		return splice(data, from, to, ""), nil
	}
	from, to := nodeOffset(data, items[i]), flowEnd(data, items[i])
	start, end := lineBounds(data, items[i].Line)
	if to < 0 {
		return nil, errUnsafe(file)
	}
	if i+1 < len(items) {
		to += len(data[to:]) - len(bytes.TrimLeft(data[to:], " \t\n,")) // its comma goes with it
		to = min(to, nodeOffset(data, items[i+1]))
	}
	switch {
	case to >= end-1 && len(bytes.TrimSpace(data[start:from])) == 0: // a line of its own
		from, to = start, end
	case i > 0 && i+1 == len(items) && len(bytes.Trim(data[flowEnd(data, items[i-1]):from], ", ")) == 0:
		from = flowEnd(data, items[i-1])
	}
	return splice(data, from, to, ""), nil
}

// editConfig reads, changes and replaces the file under its lock.
func editConfig(file string, env Env, change func([]byte, *Config) ([]byte, error)) error {
	return underLock(file, env, func(target string, data []byte) error {
		c, err := Parse(file, data, env)
		if err != nil {
			return err
		}
		changed, err := change(data, c)
		if err != nil || bytes.Equal(changed, data) {
			return err
		}
		return replaceFile(target, changed)
	})
}

// underLock reads the file under its lock and calls do with it. target is the file itself, or where
// a link leads. A missing file is fs.ErrNotExist.
func underLock(file string, env Env, do func(target string, data []byte) error) error {
	target, err := filepath.EvalSymlinks(file)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil {
		return &Error{File: file, Msg: fmt.Sprintf("cannot be read: %v", durable.WithoutPath(err)), cause: err}
	}
	unlock, err := lockConfig(target)
	if err != nil {
		return err
	}
	defer unlock()
	data, err := readConfigFile(file, env)
	if err != nil {
		return err
	}
	return do(target, data)
}
