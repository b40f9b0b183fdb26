package main

import (
	"errors"
	"os"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/watch/config"
)

// programName is what people type to run this program.
const programName = "timemachine"

// The hints that several commands give.
var (
	usageHint = "see " + spell("help")
	listHint  = spell("list") + " shows what is"
	addHint   = spell("add", "PATH…") + " adds to "
)

// speller spells the commands that messages tell people to type.
func speller() hint.Speller { return hint.Speller{Program: programName, User: os.Geteuid()} }

// spell is a command of timemachine as people type it. The caller passes file names through
// hint.ShellWord before.
func spell(words ...string) string { return speller().Command(words...) }

// hintOf is the hint that an error carries; "" for none.
func hintOf(err error) string {
	var u *usageError
	var f *failure
	var c *config.Error
	var s *refusal.Error
	var untrusted *durable.UntrustedError
	switch {
	case errors.As(err, &u):
		return u.hint
	case errors.As(err, &f):
		return f.hint
	case errors.As(err, &untrusted):
		return hint.Trust(untrusted)
	case errors.As(err, &c):
		return c.Hint
	case errors.As(err, &s):
		return speller().Words(s.Remedy)
	}
	return ""
}
