package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"
	"gopkg.in/yaml.v3"

	"timemachine/repo/durable"
)

// maxConfigFile is the size of the largest configuration file, in bytes.
const maxConfigFile = 16 << 20

// Load reads a configuration file. The error is fs.ErrNotExist for a missing file. It is an *Error
// for a folder or file that cannot be read, and for a mistake in the file.
func Load(file string, env Env) (*Config, error) {
	data, err := readConfigFile(file, env)
	if err != nil {
		return nil, err
	}
	return Parse(file, data, env)
}

// readConfigFile reads the file's bytes. Its errors are those of Load.
func readConfigFile(file string, env Env) ([]byte, error) {
	if _, err := os.ReadDir(filepath.Dir(file)); err != nil {
		return nil, &Error{File: file, Msg: fmt.Sprintf("its folder cannot be read: %v", durable.WithoutPath(err)), Hint: "make the folder, or name another with -cl", cause: errors.New("no folder")}
	}
	f, err := os.OpenFile(file, os.O_RDONLY|unix.O_NONBLOCK, 0) // a FIFO would block
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, &Error{File: file, Msg: fmt.Sprintf("cannot be read: %v", durable.WithoutPath(err)), cause: err}
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && !st.Mode().IsRegular() {
		if st.IsDir() {
			return nil, &Error{File: file, Msg: "is a folder", Hint: "name the file with -c, or its folder with -cl"}
		}
		return nil, &Error{File: file, Msg: "is not a regular file"}
	}
	if err := CheckPrivate(file, env); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxConfigFile+1))
	if err == nil && len(data) > maxConfigFile {
		err = errors.New("is larger than 16 MiB")
	}
	if err != nil {
		return nil, &Error{File: file, Msg: err.Error(), cause: err}
	}
	return data, nil
}

// document is the YAML of a configuration file.
type document struct {
	file  string
	body  *yaml.Node // nil: the file is empty
	watch *yaml.Node // the list of entries; nil: none
}

// errorAt returns an *Error at the place of n. A nil n stands for the whole file.
func (d *document) errorAt(n *yaml.Node, msg, hint string) error {
	e := &Error{File: d.file, Msg: msg, Hint: hint}
	if n != nil {
		e.Line, e.Column = n.Line, n.Column
	}
	return e
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// readDocument parses the YAML and finds the list of entries.
func readDocument(file string, data []byte) (*document, error) {
	d := &document{file: file}
	if !utf8.Valid(data) {
		return nil, d.errorAt(&yaml.Node{Line: lineOfBadUTF8(data), Column: 1}, "is not UTF-8 text", "")
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var top yaml.Node
	switch err := dec.Decode(&top); {
	case errors.Is(err, io.EOF):
		return d, nil
	case err != nil:
		return nil, d.yamlError(data, err)
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, d.yamlError(data, err)
		}
		return nil, d.errorAt(&more, "holds more than one YAML document", "leave one")
	}
	return d, d.find(top.Content[0])
}

// lineOfBadUTF8 returns the number of the first line that is not UTF-8.
func lineOfBadUTF8(data []byte) int {
	line := 1
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n <= 1 {
			break
		}
		if r == '\n' {
			line++
		}
		data = data[n:]
	}
	return line
}

// mistakenLine is the line that a message of the parser is about. For some, the parser tells a line
// before it: where the text began that a tab ends, or the line before an open bracket.
func mistakenLine(data []byte, line int, msg string) int {
	signs := ""
	switch {
	case strings.HasPrefix(msg, "found a tab"):
		signs = "\t"
	case strings.HasPrefix(msg, "did not find expected ',' or"):
		signs = "[{"
	default:
		return line
	}
	found, lines := line, strings.Split(string(data), "\n")
	if signs != "\t" && line < len(lines) && strings.ContainsAny(lines[line], signs) {
		return line + 1
	}
	for i, text := range lines {
		if signs == "\t" {
			text = text[:len(text)-len(strings.TrimLeft(text, " \t"))]
		}
		if strings.ContainsAny(text, signs) {
			if found = i + 1; found >= line {
				break
			}
		}
	}
	return found
}

// yamlError turns an error of the parser into an *Error. The parser has several messages for an
// unquoted name that begins with a special character; here they have one.
func (d *document) yamlError(data []byte, err error) error {
	m := yamlLine.FindStringSubmatch(strings.SplitN(err.Error(), "\n", 2)[0])
	if m == nil {
		return d.errorAt(nil, err.Error(), "")
	}
	line, _ := strconv.Atoi(m[1])
	at := &yaml.Node{Line: mistakenLine(data, max(line, 1), m[2]), Column: 1}
	for i, text := range strings.Split(string(data), "\n") {
		item, ok := strings.CutPrefix(strings.TrimSpace(text), "- ")
		item = strings.TrimSpace(item)
		if ok && item != "" && strings.ContainsRune("*!&@`%", rune(item[0])) {
			at.Line, at.Column = i+1, strings.Index(text, item)+1
			return d.errorAt(at, fmt.Sprintf("%s has a special meaning in YAML", item), "quote it: - "+strconv.Quote(item))
		}
	}
	return d.errorAt(at, m[2], "")
}

// find sets body and watch from the top node.
func (d *document) find(n *yaml.Node) error {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Anchor == "":
		return nil
	case n.Kind == yaml.SequenceNode:
		d.body, d.watch = n, n
	case n.Kind == yaml.MappingNode:
		d.body = n
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "watch" {
				d.watch = n.Content[i+1]
			}
		}
	default:
		return d.errorAt(n, "is neither a list of paths nor a mapping", "write a path a line, each after \"- \"")
	}
	return nil
}

// text returns the value of a node that must be a plain or quoted string.
func (d *document) text(n *yaml.Node) (string, error) {
	quoted := "quote it: " + strconv.Quote(n.Value)
	switch {
	case n.Kind == yaml.AliasNode:
		return "", d.errorAt(n, fmt.Sprintf("*%s is a YAML alias", n.Value), "quote it: \"*"+n.Value+"\"")
	case n.Style&yaml.TaggedStyle != 0:
		return "", d.errorAt(n, fmt.Sprintf("%s is a YAML tag", n.Tag), "quote it: "+strconv.Quote(n.Tag))
	case n.Anchor != "":
		return "", d.errorAt(n, fmt.Sprintf("&%s is a YAML anchor", n.Anchor), "quote it: "+strconv.Quote("&"+n.Anchor))
	case n.Kind != yaml.ScalarNode:
		return "", d.errorAt(n, "a path or pattern must stand here", "")
	case n.Tag == "!!null" || n.Value == "":
		return "", d.errorAt(n, "is empty", "write a path, or take the line out")
	case n.Tag != "!!str":
		return "", d.errorAt(n, fmt.Sprintf("%s is not a text in YAML", n.Value), quoted)
	case strings.ContainsRune(n.Value, 0):
		return "", d.errorAt(n, "holds a NUL byte", "")
	}
	return n.Value, nil
}
