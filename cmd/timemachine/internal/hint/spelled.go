package hint

// mostSpelled is how many commands are remembered: a message is printed soon after it was made.
const mostSpelled = 64

// Spelled remembers the commands that were spelled last, so that a terminal keeps them whole where
// it folds the messages that they are in. The zero value remembers none yet.
type Spelled struct{ commands []string }

// Add remembers a command and returns it.
func (s *Spelled) Add(command string) string {
	if s == nil || command == "" {
		return command
	}
	if len(s.commands) == mostSpelled {
		s.commands = s.commands[1:]
	}
	s.commands = append(s.commands, command)
	return command
}

// Commands are those that are remembered.
func (s *Spelled) Commands() []string { return s.commands }
