package doctor

import (
	"time"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/watch/config"
	"timemachine/watch/preview"
	"timemachine/watch/scan"
)

// Patient is a configuration and a destination, and what is known of them. What is not known is the
// zero value, and checks that need it find nothing.
type Patient struct {
	Configuration string         // its path
	Config        *config.Config // nil: missing or wrong
	ConfigFault   *Fault         // why there is no Config
	Log           string         // the path of the log
	OldLogs       []string
	Destination   string // "": not known
	DestFault     *Fault // why nothing can be recorded there, or read
	History       *history.History
	Selected      []scan.EntrySources // what the patterns of the watch list select
	LeftOut       *scan.Problem       // exclusions leave out all that is listed; nil: they do not
	Preview       *preview.Preview
	Space         durable.Space
	Growth        *statusview.Growth
	Paces         map[string]*statusview.Pace // of single sources, over the time of Growth
	Last          history.LastRun
	Failed        *statusview.FailedRun
	Versions      int
	Newest        record.Version
	Latest        time.Time        // capture of a month; after Newest where the clock went back
	Push          *statusview.Push // nil: runs do not push
	PushRemedy    string
	Answer        *Fault // of the remote that was contacted
	Scheduled     []Job
	Unread        string             // why the crontab could not be read; "": it was
	Schedule      string             // what to type to have it scheduled; "": nothing is known
	Watches       []statusview.Watch // of this configuration
	Unscheduled   []Job              // of another configuration or destination

	// what to type to have a time server keep the clock; "": one does, or that is not known
	TimeServer string

	User  User
	Clock render.Clock
	Say   hint.Speller
	Hints render.Hints // gives the words for the preview's problems
}

// User is who asks.
type User struct {
	UID   int
	Login string

	AccountHome string // that cron gives this user's jobs; "": not known
	Program     string // the path of this program
	CronPath    string // the PATH that cron gives to jobs
}

// Job is something that makes runs.
type Job struct {
	Where   string // a file, or the user's crontab
	When    string // for people
	User    string // "": the one who asks
	Program string // as it is called; "": not known
	Finds   string // the configuration that it finds where it names none; "": not known
	Every   time.Duration
	Stopped string // why it makes no runs at present; "" where it does, or that is not known
	Remedy  string // against that
	Watch   bool   // it stays running
}

// Fault is something wrong, and what to do about it.
type Fault struct{ Text, Remedy string }

// Finding is what a check has found: one line for people.
type Finding struct {
	Check  string
	Path   string // that it is about; "": none
	Text   string // escaped
	Remedy string // words with a command to paste; "": nothing can be typed
	Note   bool   // worth knowing, and nothing goes wrong
}

// check is one of the checks.
type check struct {
	name string
	find func(p *Patient) []Finding
}

// checks are all checks, in the order in which a person has to see to them.
var checks = []check{
	{"configuration", checkConfiguration},
	{"trust", checkTrust},
	{"destination", checkDestination},
	{"privacy", checkPrivacy},
	{"sources", checkSources},
	{"deletions", checkDeletions},
	{"missing", checkMissing},
	{"space", checkSpace},
	{"inodes", checkInodes},
	{"growth", checkGrowth},
	{"schedule", checkSchedule},
	{"program", checkProgram},
	{"runs", checkRuns},
	{"files", checkFiles},
	{"environment", checkEnvironment},
	{"clock", checkClock},
	{"git", checkGit},
	{"settings", checkSettings},
	{"readers", checkReaders},
	{"push", checkPush},
	{"watches", checkWatches},
	{"file-system", checkFileSystem},
	{"rereading", checkRereading},
	{"noise", checkNoise},
	{"names", checkNames},
	{"large-files", checkLarge},
	{"exclusions", checkExclusions},
	{"ignore-lines", checkIgnoreLines},
	{"log", checkLog},
}

// Report is what all checks have found.
type Report struct {
	Checks   []string // their names, in order
	Findings []Finding
}

// Examine makes all checks.
func Examine(p *Patient) *Report {
	r := &Report{}
	for _, c := range checks {
		r.Checks = append(r.Checks, c.name)
		for _, f := range c.find(p) {
			f.Check = c.name
			r.Findings = append(r.Findings, f)
		}
	}
	return r
}

// NeedsHand tells how many findings somebody has to see to.
func (r *Report) NeedsHand() (n int) {
	for i := range r.Findings {
		if !r.Findings[i].Note {
			n++
		}
	}
	return n
}

// most is how many files of one kind are named.
const most = 5

// entries are those of the watch list.
func (p *Patient) entries() []*config.Entry {
	if p.Config == nil {
		return nil
	}
	return p.Config.Entries
}

// one is a list of one finding.
func one(f Finding) []Finding { return []Finding{f} }
