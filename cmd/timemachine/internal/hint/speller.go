package hint

import (
	"slices"
	"strings"
)

// Speller spells commands as people type them.
type Speller struct {
	Program string   // what people type to run timemachine
	User    int      // the effective user ID of the person who pastes a command
	Push    *Push    // the push that hints are about; nil: none is known
	Place   []Flag   // the flags that find the configuration and the destination
	Spelled *Spelled // remembers the commands; nil: they are not remembered
}

// Flag is a flag on a command line, as typed.
type Flag struct{ Name, Value string }

// Command is a command of timemachine, for the place that the command line names. A flag in words
// has precedence. Only this function knows how the program is called. The caller passes file names
// through ShellWord before.
func (s Speller) Command(words ...string) string {
	command := []string{s.Program}
	for _, f := range s.Place {
		if !isNamed(f.Name, words) {
			command = append(command, f.Name, ShellWord(f.Value))
		}
	}
	return s.Spelled.Add(strings.Join(append(command, words...), " "))
}

// isNamed tells whether words have a flag that a flag of the place would contradict.
func isNamed(flag string, words []string) bool {
	return slices.Contains(words, flag) || flag == "-cl" && slices.Contains(words, "-c")
}

// System is a command of the system, as the user types it next. The caller passes file names
// through ShellWord before.
func (s Speller) System(words ...string) string {
	if strings.HasPrefix(s.Program, "sudo ") {
		words = append([]string{"sudo"}, words...)
	}
	return s.Spelled.Add(strings.Join(words, " "))
}
