// Package config reads, edits and matches the watch list.
//
// The watch list is the user's configuration file: entries (files, folders and glob patterns) and
// exclusions in .gitignore syntax. It is read strictly: whatever cannot be understood is an error
// that names file, line and column, so that nothing is run on half a configuration. It is edited by
// the byte: an edit changes no byte outside the lines of its entry.
package config

import (
	"slices"
	"strings"
)

// Env is what the text of a configuration may refer to. The package reads no environment itself.
type Env struct {
	// Lookup gives the value of $NAME. Nil: no variable is set.
	Lookup func(name string) (string, bool)
	// Home is the folder ~ stands for. "": unknown, and ~ is an error.
	Home string
	// UID is the effective user. 0 switches on the checks of CheckPrivate.
	UID int
}

func (env Env) variable(name string) (string, bool) {
	if env.Lookup == nil {
		return "", false
	}
	return env.Lookup(name)
}

// Config is one configuration file, understood.
type Config struct {
	// File is the absolute path it was opened by, before following a link.
	File string
	// Destination is an absolute path, or "" when the file does not tell.
	Destination string
	// Entries are in file order; those that say the same are here once.
	Entries []*Entry
	// MaxSize is the largest file taken, in bytes; 0: no limit.
	MaxSize int64
	// CopiesKeep (copies: all, the default) keeps a copy of each version; CopiesNone (copies: none)
	// writes none. Exactly one of them is true.
	CopiesKeep bool
	CopiesNone bool
	// CopiesMinFree is the free space below which no copies are written.
	CopiesMinFree FreeSpace
	// IgnoreTouched (touched: ignore): a new mtime alone makes no version.
	IgnoreTouched bool

	lines    []string          // the watch list as written
	literals map[string]*Entry // entries without wildcards by Root
}

// Lines returns the watch list as it is written, an item each: the text of entries (of the mapping
// form its path) and of exclusions ("!…"), duplicates included. Quotes and escapes of YAML are
// taken off.
func (c *Config) Lines() []string {
	return append([]string(nil), c.lines...)
}

// Select returns the entry that takes the file at path, an absolute clean path: the one that names
// it literally, else the first in file order that selects it, else nil.
func (c *Config) Select(path string) *Entry {
	if e := c.literals[path]; e != nil {
		return e
	}
	for _, e := range c.Entries {
		if e.Selects(path) {
			return e
		}
	}
	return nil
}

// HasRoot tells whether an entry names this very path.
func (c *Config) HasRoot(path string) bool {
	return slices.ContainsFunc(c.Entries, func(e *Entry) bool { return e.Root == path })
}

// EntryBelow finds a pattern that may select something below the folder path.
func (c *Config) EntryBelow(path string) *Entry {
	for _, e := range c.Entries {
		if e.Root == path || e.Glob != "" && e.MayContain(path) {
			return e
		}
	}
	return nil
}

// Entry is one file, folder or pattern of the watch list.
//
// In its text ~ and ~/ stand for the home folder, $NAME and ${NAME} for a variable, \$ for a dollar
// sign. Expanded values are literal: a * in one is no wildcard. * ? [a-z] {a,b} and ** are
// patterns, and a backslash takes the meaning from the character after it. A relative text counts
// from the folder of the configuration file.
type Entry struct {
	Text string // as written
	Line int    // where, from 1
	// Root is an absolute, clean, literal path: what is watched, or for a pattern the longest
	// folder in front of its first wildcard.
	Root string
	// Glob is the absolute pattern, "" for a literal path.
	Glob string

	folder       string       // the configuration's: anchors patterns
	alternatives [][]segment  // Glob below Root, braces multiplied out
	rules        []*exclusion // in order; the last that matches wins
}

// entryKey is equal for entries that watch the same in the same way.
func entryKey(e *Entry, exclude []string) string {
	where := "literal " + e.Root
	if e.Glob != "" {
		where = "glob " + e.Glob
	}
	return where + "\x00" + strings.Join(exclude, "\x00")
}
