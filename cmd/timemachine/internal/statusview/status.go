package statusview

import (
	"fmt"
	"math"
	"time"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/watch/preview"
)

// statusLimit is the number of lines of one kind in a status that is not verbose.
const statusLimit = 20

// Status is the state of a destination and what a run would do now.
type Status struct {
	Destination   string
	Lacking       string // what to type to make the destination; "" where it exists
	Configuration string // "": what a run would do is left out
	Broken        bool   // the configuration cannot be used
	Entries       int    // of the watch list, without exclusions
	Exclusions    int    // of the watch list
	Refused       string // why a run would refuse the destination, escaped; "": it would not
	Adopt         string // what to do against that
	Unrecorded    int    // files of the history, where the watch list is empty
	Remedy        string // what to type to have entries again
	Busy          bool
	Branch        string // "" where nothing is recorded yet
	Versions      int
	Newest        record.Version
	Last          history.LastRun
	Failed        *FailedRun  // nil: the last run did not fail
	Watches       []Watch     // that run now
	Scheduled     []Scheduled // jobs that make runs of this configuration
	Unread        error       // why the user's crontab could not be read
	Schedule      string      // what to type to have it run; "" where it is scheduled
	Push          *Push       // nil: runs do not push
	Agreed        []Agreed    // remotes that may have private files
	Upstream      *history.Upstream
	Remote        string // that is set up, though runs push to none; "": none
	Sizes         history.Sizes
	Free          int64            // bytes of free space; -1: unknown
	Growth        *Growth          // nil where too little is known for that
	Preview       *preview.Preview // nil where there is no configuration
	Hints         render.Hints     // gives the words for the preview's problems
}

// Agreed is a branch of a remote to which files may go that not everybody may read, since a person
// has agreed to that.
type Agreed struct {
	Remote string `json:"remote"`
	Branch string `json:"branch"`
	Undo   string `json:"-"` // what to type to take that back
}

// Scheduled is a job that is to make runs.
type Scheduled struct {
	Where, When, User string
	Text              string // where, when and as whom, for people
	Stopped           string // why it makes no runs; "": it makes them, or that cannot be told
	Active            *bool  // what starts the runs is at work; nil: unknown
}

// FailedRun is a run over the whole watch list that failed and recorded nothing more.
type FailedRun struct {
	When time.Time
	Why  string // in one line, escaped
}

// View says for whom a status is.
type View struct {
	render.Clock
	Verbose bool // lists have no limit
	Columns int  // of the screen; 0: lines are not cut
}

// Lines are the status for people.
func (s *Status) Lines(v View) []string {
	p := &page{columns: v.Columns}
	p.row("destination", terminal.Quote(s.Destination))
	if s.Configuration != "" {
		p.row("watching", s.watching())
		if s.Unrecorded > 0 {
			p.row("", render.Count(s.Unrecorded, "file")+" of the history "+plural(s.Unrecorded, "is", "are")+" no longer recorded; to have entries again:")
			p.plain("  " + s.Remedy)
		}
	}
	if s.Branch == "" {
		p.row("history", "nothing is recorded yet")
		if s.Lacking != "" {
			p.row("", "the destination does not exist; make it with:")
			p.plain("  " + s.Lacking)
		}
		if s.Failed != nil {
			p.row("last run", LastRun(s.Last, s.Failed, v.Clock))
		}
		s.addSchedule(p, v)
	} else {
		s.addHistory(p, v)
	}
	if s.Busy {
		p.row("now", "a run is at work")
	}
	switch {
	case s.Refused != "":
		p.row("a run now", "would be refused: "+s.Refused)
		p.plain("  " + s.Adopt)
	case s.Preview != nil:
		s.addPreview(p, v)
	}
	return p.lines
}

// watching says what is on the watch list, and where that is.
func (s *Status) watching() string {
	file := terminal.Quote(s.Configuration)
	switch {
	case s.Broken:
		return "unknown: " + file + " cannot be used"
	case s.Preview == nil:
		return "nothing: there is no " + file
	case s.Entries == 0:
		return "nothing: no entry in " + file
	}
	of := entries(s.Entries)
	if s.Exclusions > 0 {
		of += " and " + render.Count(s.Exclusions, "exclusion")
	}
	return fmt.Sprintf("%s, %s; %s in %s", render.Count(s.Preview.Sources, "file"), render.SizeText(s.Preview.Bytes), of, file)
}

// UnrecordedLine is the line about an empty watch list that makes a status fail.
func UnrecordedLine(text string) string {
	return terminal.Pad("watching", labelWidth) + "nothing: " + text
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// addHistory adds what is known of the history, and of how it goes on.
func (s *Status) addHistory(p *page, v View) {
	p.row("history", fmt.Sprintf("%s on branch %s, the newest %s", render.Count(s.Versions, "version"), terminal.Quote(s.Branch), v.Moment(s.Newest.CaptureTime())))
	p.row("last run", LastRun(s.Last, s.Failed, v.Clock))
	s.addSchedule(p, v)
	size := fmt.Sprintf(".git %s, files %s, copies %s", render.SizeText(s.Sizes.Git), render.SizeText(s.Sizes.Files), render.SizeText(s.Sizes.Copies))
	if s.Free >= 0 {
		size += "; " + render.SizeText(s.Free) + " free"
	}
	p.row("size", size)
	if s.Growth != nil {
		p.row("growth", s.Growth.text(s.Free))
	}
	switch {
	case s.Push != nil:
		s.Push.addTo(p, v.Clock)
	case s.Broken && s.Upstream == nil:
		p.row("push", "unknown: "+terminal.Quote(s.Configuration)+" cannot be used")
	default:
		p.row("push", pushText(s.Upstream, s.Remote))
	}
	for _, to := range s.Agreed {
		p.row("private", "files may go to "+terminal.Quote(to.Remote)+", branch "+terminal.Quote(to.Branch)+", as was answered; to take that back:")
		p.plain("  " + to.Undo)
	}
	if n := s.Last.Unwritten; n > 0 {
		p.row("not written", render.Count(n, "version")+" beside the history, in files/ or copies/: each run tries again")
	}
}

// unscheduled is after what time without a run a person is told how to schedule them.
const unscheduled = time.Hour

// addSchedule adds what runs timemachine, where that can be told.
func (s *Status) addSchedule(p *page, v View) {
	label := "schedule"
	add := func(text string) {
		p.row(label, text)
		label = ""
	}
	own := false
	for i := range s.Watches {
		own = own || s.Watches[i].Own
		add(s.Watches[i].Text(v.Clock))
	}
	for _, j := range s.Scheduled {
		add(j.Text)
		if j.Stopped != "" {
			p.row("", "makes no runs: "+j.Stopped)
		}
	}
	if len(s.Scheduled) == 0 && s.Schedule != "" && !own {
		add(NoneFound(s.Unread))
		if v.Columns > 0 && (s.Branch == "" || !s.Last.Ended.IsZero() && v.Now.Sub(s.Last.Ended) > unscheduled) {
			p.row("", "to have it run each minute:")
			p.plain("  " + s.Schedule)
		}
	}
}

// NoneFound says that nothing is found that makes runs, and what could not be read for that.
func NoneFound(unread error) string {
	text := "none found, of cron or systemd"
	if unread != nil {
		text += "; " + terminal.Escape(unread.Error())
	}
	return text
}

// LastRunLine is the line about the last run. failed is nil unless that run failed.
func LastRunLine(l history.LastRun, failed *FailedRun, c render.Clock) string {
	return terminal.Pad("last run", labelWidth) + LastRun(l, failed, c)
}

// LastRun says when the last run was, and how it ended.
func LastRun(l history.LastRun, failed *FailedRun, c render.Clock) string {
	if failed == nil {
		return ended(l, c)
	}
	return c.Moment(failed.When) + ", failed: " + terminal.Escape(failed.Why) + "; before that: " + ended(l, c)
}

func ended(l history.LastRun, c render.Clock) string {
	switch {
	case l.Ended.IsZero():
		return "no full run is known"
	case l.Ended.Equal(l.Good):
		return c.Moment(l.Ended) + ", all well"
	case l.Good.IsZero():
		return c.Moment(l.Ended) + ", with problems; none without is known"
	}
	return c.Moment(l.Ended) + ", with problems; the last without " + c.Moment(l.Good)
}

// pushText tells what a remote has, where the branch follows one; else which remote there is.
func pushText(u *history.Upstream, remote string) string {
	switch {
	case u == nil && remote != "":
		return "to " + terminal.Quote(remote) + " by hand only: push: in the configuration lets runs do it"
	case u == nil:
		return "no remote"
	case !u.Pushed:
		return "to " + terminal.Quote(u.Remote+"/"+u.Branch) + ", never done"
	case u.Diverged:
		return terminal.Quote(u.Remote+"/"+u.Branch) + " holds commits that are not here"
	case u.Ahead == 0:
		return terminal.Quote(u.Remote+"/"+u.Branch) + " is up to date"
	}
	return terminal.Quote(u.Remote+"/"+u.Branch) + " lacks " + render.Count(u.Ahead, "commit")
}

// limit is the number of lines of one kind.
func (v View) limit() int {
	if v.Verbose {
		return math.MaxInt
	}
	return statusLimit
}
