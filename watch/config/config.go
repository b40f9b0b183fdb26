// Package config reads and edits the configuration, and tells which entry selects a path.
//
// The watch list is the user's configuration file: entries (files, folders and glob patterns) and
// exclusions in .gitignore syntax. Reading is strict: an error names file, line and column, so that
// a run never uses half a configuration. An edit changes no byte outside the lines of its entry.
package config

import (
	"slices"
	"strings"

	"timemachine/watch/pattern"
)

// Env is what the text of a configuration may refer to. The package reads no environment itself.
type Env struct {
	// Lookup returns the value of $NAME. Nil: no variable is set.
	Lookup func(name string) (string, bool)
	// Home is the folder that ~ stands for. "": unknown, and ~ is an error.
	Home string
	// UID is the effective user. CheckPrivate checks for user 0 only.
	UID int
}

// variable returns the value of $name.
func (env Env) variable(name string) (string, bool) {
	if env.Lookup == nil {
		return "", false
	}
	return env.Lookup(name)
}

// Config is the content of one configuration file.
type Config struct {
	// File is the absolute path of the file, before following a link.
	File string
	// Destination is an absolute path, or "" where the file has none.
	Destination string
	// Entries are in file order, without duplicates.
	Entries []*Entry
	// MaxSize is the size of the largest file to record, in bytes; 0: no limit.
	MaxSize int64
	// CopiesKeep says which versions keep a plain copy.
	CopiesKeep Keep
	// CopiesMinFree is the free space below which no copies are written.
	CopiesMinFree FreeSpace
	// IgnoreTouched (touched: ignore) says that a new mtime alone makes no version.
	IgnoreTouched bool
	// NoDefaults (default-exclusions: false) says that DefaultExclusions do not apply.
	NoDefaults bool
	// ExcludeXattrs are globs of the names of extended attributes that are not recorded, beside
	// those that never are.
	ExcludeXattrs []string
	// IgnoreLines are the lines of some files in which a change alone makes no version.
	IgnoreLines []*IgnoredLines
	// Push is nil where runs do not push.
	Push *Push

	lines    []string          // the watch list as written
	numbers  []int             // of the lines of the file on which they stand
	excluded []string          // exclude: as written
	given    map[string]given  // the keys that the file has
	literals map[string]*Entry // entries without wildcards, by Root
}

// Lines returns the items of the watch list as written, with duplicates: the text of an entry (in
// the mapping form its path) or of an exclusion ("!…"). Quotes and escapes of YAML are taken off.
func (c *Config) Lines() []string {
	return append([]string(nil), c.lines...)
}

// Select returns the entry that selects the file at path, an absolute clean path, or nil. An entry
// that names the path comes before others; otherwise the first in file order wins.
func (c *Config) Select(path string) *Entry {
	if e := c.literals[path]; e != nil {
		return e
	}
	return c.selecting(func(e *Entry) bool { return e.Selects(path) })
}

// SelectFolder is Select for the folder at path.
func (c *Config) SelectFolder(path string) *Entry {
	if e := c.literals[path]; e != nil {
		return e
	}
	return c.selecting(func(e *Entry) bool { return e.SelectsFolder(path) })
}

// selecting returns the first entry for which selects is true, or nil.
func (c *Config) selecting(selects func(*Entry) bool) *Entry {
	for _, e := range c.Entries {
		if selects(e) {
			return e
		}
	}
	return nil
}

// HasRoot tells whether an entry has this path as its Root.
func (c *Config) HasRoot(path string) bool {
	return slices.ContainsFunc(c.Entries, func(e *Entry) bool { return e.Root == path })
}

// EntriesFor returns the entries for a scan of path: the one that selects it, else those that may
// select something below it, and those that are rooted below it.
func (c *Config) EntriesFor(path string) (all []*Entry) {
	selecting := c.Select(path)
	for _, e := range c.Entries {
		_, rooted := pattern.Below(path, e.Root)
		if e == selecting || rooted || selecting == nil && (e.Root == path || !e.IsLiteral() && e.MayContain(path)) {
			all = append(all, e)
		}
	}
	return all
}

// Entry is one file, folder or pattern of the watch list.
//
// In its text, ~ and ~/ stand for the home folder, $NAME and ${NAME} for a variable, \\$ for a
// dollar sign. Expanded values are literal: a * in one is no wildcard. * ? [a-z] {a,b} and ** are
// patterns, and a backslash makes the next character literal. A relative text starts at the folder
// of the configuration file.
type Entry struct {
	Text string // as written
	Line int    // in the file, from 1
	pattern.Glob

	folder string        // of the configuration file; exclusions can start there
	rules  []*Rule       // in order; the last that matches wins
	sieve  pattern.Sieve // of rules
}

// Rule is one exclusion of a configuration, or one that includes again.
type Rule struct {
	pattern.Exclusion
	Text string // in .gitignore syntax, as written
	Line int    // in the file, from 1; 0 for a default exclusion
}

// IsDefault tells whether the rule is one of DefaultExclusions.
func (r *Rule) IsDefault() bool { return r.Line == 0 }

// entryKey returns the same text for entries that select the same in the same way.
func entryKey(e *Entry, exclude []string) string {
	where := "literal " + e.Root
	if !e.IsLiteral() {
		where = "glob " + e.Pattern
	}
	return where + "\x00" + strings.Join(exclude, "\x00")
}
