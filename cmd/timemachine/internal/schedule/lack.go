package schedule

import "timemachine/repo/record"

// Lack is what a machine does not have.
type Lack string

// What may be missing.
const (
	NoCrontab     Lack = "crontab"
	NoCronFolder  Lack = "cron.d"
	NoSystemctl   Lack = "systemctl"
	NoSystemd     Lack = "systemd"
	NoUserSystemd Lack = "systemd of the user"
)

// LackError says that a schedule of some kind cannot be made on this machine.
type LackError struct{ Lack }

// Error says what is missing.
func (e *LackError) Error() string {
	switch e.Lack {
	case NoCrontab:
		return "the program crontab is not installed"
	case NoCronFolder:
		return "there is no folder /etc/cron.d: cron is not installed, or does not read one"
	case NoSystemctl:
		return "the program systemctl is not installed"
	case NoUserSystemd:
		return "no systemd of yours is running"
	}
	return "systemd does not run this machine"
}

// ForeignError says that something else has the name of a file that install would write.
type ForeignError struct{ Where string }

// Error names the file.
func (e *ForeignError) Error() string {
	return record.Quote(e.Where) + " is there, and schedule install has not made it"
}

// CommandError says that crontab or systemctl failed.
type CommandError struct {
	Command string
	Said    string // on standard error
	Err     error
}

// Error says what the command said.
func (e *CommandError) Error() string {
	text := e.Command + " failed"
	switch {
	case e.Said != "":
		text += ": " + record.Quote(e.Said)
	case e.Err != nil:
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap is the cause, or nil.
func (e *CommandError) Unwrap() error { return e.Err }
