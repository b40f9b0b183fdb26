package hint

import "strings"

// Speller spells commands as people type them.
type Speller struct {
	Program string // what people type to run timemachine
	User    int    // the effective user ID of the person who pastes a command
	Push    *Push  // the push that hints are about; nil: none is known
}

// Command is a command of timemachine. Only this function knows how the program is called. The
// caller passes file names through ShellWord before.
func (s Speller) Command(words ...string) string {
	return s.Program + " " + strings.Join(words, " ")
}
