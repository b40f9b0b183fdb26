package main

import (
	"strings"

	"timemachine/repo/record"
)

// The commands that messages tell people to type are spelled in this file. Only this file changes
// with the name of a command, or with the words that a shell needs quoted.

// programName is what people type to run this program.
const programName = "timemachine"

// The hints that several commands give.
var (
	usageHint = "see " + spell("help")
	listHint  = spell("list") + " shows what is"
	addHint   = spell("add", "PATH…") + " adds to "
)

// spell is a command of timemachine as people type it. The caller passes file names through
// shellWord before.
func spell(words ...string) string {
	return programName + " " + strings.Join(words, " ")
}

// spellGit is a git command that works on a destination.
func spellGit(dest string, words ...string) string {
	return "git -C " + shellWord(dest) + " " + strings.Join(words, " ")
}

// shellWord is a file name as one word of a shell command.
func shellWord(name string) string { return record.ShellWord(name) }
