package statusview

import (
	"time"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/watch/preview"
)

// StatusDocument is what status --json prints; docs/json.md explains it.
type StatusDocument struct {
	Destination string           `json:"destination"`
	Branch      string           `json:"branch"` // "": nothing is recorded yet
	Busy        bool             `json:"busy"`
	Versions    int              `json:"versions"`
	Newest      *NewestDocument  `json:"newest"` // null: none
	LastRun     LastRunDocument  `json:"last_run"`
	Size        SizeDocument     `json:"size"`
	Push        *PushDocument    `json:"push"` // null: not set up
	Agreed      []Agreed         `json:"private_allowed,omitempty"`
	Refused     string           `json:"refused,omitempty"` // why a run would fail
	Next        *PreviewDocument `json:"next"`              // null: no watch list, or Refused

	Configuration string            `json:"configuration,omitempty"`
	Watching      *WatchingDocument `json:"watching"` // null: there is no watch list
	Schedule      []JobDocument     `json:"schedule"`
	Watches       []WatchDocument   `json:"watches"`
	Free          *int64            `json:"free"`   // null: unknown
	Growth        *GrowthDocument   `json:"growth"` // null: less than a day is known
}

// WatchingDocument tells what the watch list selects.
type WatchingDocument struct {
	Entries    int   `json:"entries"`
	Exclusions int   `json:"exclusions"`
	Files      int   `json:"files"`
	Bytes      int64 `json:"bytes"`
	Unrecorded int   `json:"unrecorded,omitempty"`
}

// JobDocument is something that makes runs.
type JobDocument struct {
	Where string `json:"where"`
	When  string `json:"when"`
	User  string `json:"user,omitempty"`

	Active  *bool  `json:"active"` // null: unknown
	Stopped string `json:"stopped,omitempty"`
}

// GrowthDocument tells how much was recorded of late.
type GrowthDocument struct {
	Since       string  `json:"since"`
	Days        float64 `json:"days"`
	Versions    int     `json:"versions"`
	Content     int64   `json:"content"`
	Copies      int64   `json:"copies"`
	BytesPerDay int64   `json:"bytes_per_day"`
	DaysLeft    *int64  `json:"days_left"` // null: cannot be told
}

type NewestDocument struct {
	Commit   string `json:"commit"`
	Captured string `json:"captured"`
}

type LastRunDocument struct {
	Ended   string `json:"ended,omitempty"`
	Good    string `json:"good,omitempty"`
	Failed  string `json:"failed,omitempty"`
	Failure string `json:"failure,omitempty"`

	Unwritten int `json:"unwritten"`
}

type SizeDocument struct {
	Git    int64 `json:"git"`
	Files  int64 `json:"files"`
	Copies int64 `json:"copies"`
}

type PushDocument struct {
	Remote   string `json:"remote"`
	Branch   string `json:"branch"`
	Pushed   bool   `json:"pushed"`
	Ahead    int    `json:"ahead"`
	Diverged bool   `json:"diverged"`

	Oldest  string                  `json:"oldest,omitempty"`
	Done    string                  `json:"done,omitempty"`
	Failing *render.FailingDocument `json:"failing"` // null: pushes do not fail
}

type PreviewDocument struct {
	Sources int                      `json:"sources"`
	Changes []ChangeDocument         `json:"changes"`
	Again   int                      `json:"again"`
	Failing []render.ProblemDocument `json:"failing"`
	Missing []render.PathDocument    `json:"missing"`
	Held    []render.ProblemDocument `json:"held"`
}

type ChangeDocument struct {
	Source      string         `json:"source"`
	SourceBytes string         `json:"source_bytes,omitempty"`
	Events      []record.Event `json:"events"`
	Maybe       bool           `json:"maybe"`
}

// AgeDocument is what status --max-age --json prints.
type AgeDocument struct {
	Destination   string          `json:"destination"`
	LastRun       LastRunDocument `json:"last_run"`
	MaxAgeSeconds float64         `json:"max_age_seconds"`
	Push          *PushDocument   `json:"push"` // null: runs do not push
	Fresh         bool            `json:"fresh"`
	Unrecorded    int             `json:"unrecorded,omitempty"`
}

// Document is what status --json prints.
func (s *Status) Document() StatusDocument {
	d := StatusDocument{Destination: s.Destination, Branch: s.Branch, Busy: s.Busy, Versions: s.Versions, LastRun: lastRunJSON(s.Last, s.Failed), Agreed: s.Agreed, Refused: s.Refused,
		Size: SizeDocument{Git: s.Sizes.Git, Files: s.Sizes.Files, Copies: s.Sizes.Copies}}
	if s.Versions > 0 {
		d.Newest = &NewestDocument{Commit: render.IDText(s.Newest.Commit), Captured: render.TimeText(s.Newest.CaptureTime())}
	}
	if s.Push != nil {
		d.Push = s.Push.document()
	} else if u := s.Upstream; u != nil {
		d.Push = &PushDocument{Remote: u.Remote, Branch: u.Branch, Pushed: u.Pushed, Ahead: u.Ahead, Diverged: u.Diverged}
	}
	d.Configuration, d.Schedule = s.Configuration, []JobDocument{}
	d.Watches = []WatchDocument{}
	for i := range s.Watches {
		d.Watches = append(d.Watches, s.Watches[i].Document())
	}
	if p := s.Preview; p != nil {
		if s.Refused == "" {
			d.Next = previewJSON(p, s.Hints)
		}
		d.Watching = &WatchingDocument{Entries: s.Entries, Exclusions: s.Exclusions, Files: p.Sources, Bytes: p.Bytes, Unrecorded: s.Unrecorded}
	}
	for _, j := range s.Scheduled {
		d.Schedule = append(d.Schedule, JobDocument{Where: j.Where, When: j.When, User: j.User, Active: j.Active, Stopped: j.Stopped})
	}
	if s.Free >= 0 {
		d.Free = &s.Free
	}
	if g := s.Growth; g != nil {
		d.Growth = &GrowthDocument{Since: render.TimeText(g.Since), Days: g.Days, Versions: g.Versions, Content: g.Content, Copies: g.Copies, BytesPerDay: g.PerDay()}
		if left := g.DaysLeft(s.Free); left >= 0 {
			d.Growth.DaysLeft = &left
		}
	}
	return d
}

func previewJSON(p *preview.Preview, say render.Hints) *PreviewDocument {
	d := &PreviewDocument{Sources: p.Sources, Changes: []ChangeDocument{}, Again: p.Rechecked, Missing: render.PathsJSON(p.Missing),
		Failing: render.ProblemsJSON(p.Failing, say), Held: render.ProblemsJSON(p.Held, say)}
	for _, e := range p.Changes {
		d.Changes = append(d.Changes, ChangeDocument{Source: e.Source, SourceBytes: render.RawBytes(e.Source), Events: e.Events, Maybe: e.Maybe})
	}
	return d
}

func lastRunJSON(l history.LastRun, failed *FailedRun) LastRunDocument {
	d := LastRunDocument{Ended: render.TimeText(l.Ended), Good: render.TimeText(l.Good), Unwritten: l.Unwritten}
	if failed != nil {
		d.Failed, d.Failure = render.TimeText(failed.When), failed.Why
	}
	return d
}

// AgeJSON is the document of status --max-age.
func AgeJSON(dest string, last history.LastRun, failed *FailedRun, limit time.Duration, push *Push, fresh bool) AgeDocument {
	d := AgeDocument{Destination: dest, LastRun: lastRunJSON(last, failed), MaxAgeSeconds: limit.Seconds(), Fresh: fresh}
	if push != nil {
		d.Push = push.document()
	}
	return d
}
