package main

import (
	"strings"

	"timemachine/repo/record"
)

// The commands that messages tell people to type are spelled here, so that a command that is
// renamed, or a word that a shell would not take as it stands, is a matter of this file.

// programName is what people type to run this program.
const programName = "timemachine"

// The hints that several commands give.
var (
	usageHint = "see " + spell("help")
	listHint  = spell("list") + " shows what is"
	addHint   = spell("add", "PATH…") + " adds to "
)

// spell is a command of timemachine as people type it. Words are taken as they are: file names go
// through shellWord first.
func spell(words ...string) string {
	return programName + " " + strings.Join(words, " ")
}

// spellGit is a git command that works on a destination.
func spellGit(dest string, words ...string) string {
	return "git -C " + shellWord(dest) + " " + strings.Join(words, " ")
}

// shellWord is a file name as one word of a shell command.
func shellWord(name string) string { return record.ShellWord(name) }
