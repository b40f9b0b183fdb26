package render

import (
	"time"

	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/watch"
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
	Next        *PreviewDocument `json:"next"` // null: there is no watch list
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

	Oldest  string           `json:"oldest,omitempty"`
	Done    string           `json:"done,omitempty"`
	Failing *FailingDocument `json:"failing"` // null: pushes do not fail
}

// FailingDocument tells why pushes fail.
type FailingDocument struct {
	Class   string   `json:"class"`
	Message string   `json:"message"`
	Lines   []string `json:"lines"` // the remote's own words
	Since   string   `json:"since,omitempty"`
	Tried   string   `json:"tried,omitempty"`
	Next    string   `json:"next,omitempty"` // "": with the next run
}

type PreviewDocument struct {
	Sources int               `json:"sources"`
	Changes []ChangeDocument  `json:"changes"`
	Again   int               `json:"again"`
	Failing []ProblemDocument `json:"failing"`
	Missing []PathDocument    `json:"missing"`
	Held    []ProblemDocument `json:"held"`
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
}

// Document is what status --json prints.
func (s *Status) Document() StatusDocument {
	d := StatusDocument{Destination: s.Destination, Branch: s.Branch, Busy: s.Busy, Versions: s.Versions, LastRun: lastRunJSON(s.Last, s.Failed),
		Size: SizeDocument{Git: s.Sizes.Git, Files: s.Sizes.Files, Copies: s.Sizes.Copies}}
	if s.Versions > 0 {
		d.Newest = &NewestDocument{Commit: idText(s.Newest.Commit), Captured: timeText(s.Newest.CaptureTime())}
	}
	if s.Push != nil {
		d.Push = s.Push.document()
	} else if u := s.Upstream; u != nil {
		d.Push = &PushDocument{Remote: u.Remote, Branch: u.Branch, Pushed: u.Pushed, Ahead: u.Ahead, Diverged: u.Diverged}
	}
	if p := s.Preview; p != nil {
		d.Next = previewJSON(p, s.Hints)
	}
	return d
}

func previewJSON(p *watch.Preview, say Hints) *PreviewDocument {
	d := &PreviewDocument{Sources: p.Sources, Changes: []ChangeDocument{}, Again: p.Rechecked, Missing: pathsJSON(p.Missing),
		Failing: problemsJSON(p.Failing, say), Held: problemsJSON(p.Held, say)}
	for _, e := range p.Changes {
		d.Changes = append(d.Changes, ChangeDocument{Source: e.Source, SourceBytes: rawBytes(e.Source), Events: e.Events, Maybe: e.Maybe})
	}
	return d
}

func lastRunJSON(l history.LastRun, failed *FailedRun) LastRunDocument {
	d := LastRunDocument{Ended: timeText(l.Ended), Good: timeText(l.Good), Unwritten: l.Unwritten}
	if failed != nil {
		d.Failed, d.Failure = timeText(failed.When), failed.Why
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
