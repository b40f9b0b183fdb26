package main

import (
	"time"

	"timemachine/repo"
	"timemachine/repo/record"
	"timemachine/watch"
)

// statusDoc is what status --json prints; docs/json.md explains it.
type statusDoc struct {
	Destination string      `json:"destination"`
	Branch      string      `json:"branch"` // "": nothing is recorded yet
	Busy        bool        `json:"busy"`
	Versions    int         `json:"versions"`
	Newest      *newestDoc  `json:"newest"` // null: none
	LastRun     lastRunDoc  `json:"last_run"`
	Size        sizeDoc     `json:"size"`
	Push        *pushDoc    `json:"push"` // null: not set up
	Next        *previewDoc `json:"next"` // null: there is no watch list
}

type newestDoc struct {
	Commit   string `json:"commit"`
	Captured string `json:"captured"`
}

type lastRunDoc struct {
	Ended   string `json:"ended,omitempty"`
	Good    string `json:"good,omitempty"`
	Failed  string `json:"failed,omitempty"`
	Failure string `json:"failure,omitempty"`
}

type sizeDoc struct {
	Git    int64 `json:"git"`
	Files  int64 `json:"files"`
	Copies int64 `json:"copies"`
}

type pushDoc struct {
	Remote   string `json:"remote"`
	Branch   string `json:"branch"`
	Pushed   bool   `json:"pushed"`
	Ahead    int    `json:"ahead"`
	Diverged bool   `json:"diverged"`
}

type previewDoc struct {
	Sources int            `json:"sources"`
	Changes []expectedDoc  `json:"changes"`
	Again   int            `json:"again"`
	Failing []problemEntry `json:"failing"`
	Missing []pathDoc      `json:"missing"`
	Held    []problemEntry `json:"held"`
}

type expectedDoc struct {
	Source      string         `json:"source"`
	SourceBytes string         `json:"source_bytes,omitempty"`
	Events      []record.Event `json:"events"`
	Maybe       bool           `json:"maybe"`
}

// ageDocument is what status --max-age --json prints.
type ageDocument struct {
	Destination   string     `json:"destination"`
	LastRun       lastRunDoc `json:"last_run"`
	MaxAgeSeconds float64    `json:"max_age_seconds"`
	Fresh         bool       `json:"fresh"`
}

// document is what status --json prints.
func (s *statusData) document() statusDoc {
	d := statusDoc{Destination: s.destination, Branch: s.branch, Busy: s.busy, Versions: s.versions, LastRun: lastRunJSON(s.last, s.failed),
		Size: sizeDoc{Git: s.sizes.Git, Files: s.sizes.Files, Copies: s.sizes.Copies}}
	if s.versions > 0 {
		d.Newest = &newestDoc{Commit: idText(s.newest.Commit), Captured: timeText(s.newest.Captured)}
	}
	if u := s.upstream; u != nil {
		d.Push = &pushDoc{Remote: u.Remote, Branch: u.Branch, Pushed: u.Pushed, Ahead: u.Ahead, Diverged: u.Diverged}
	}
	if p := s.preview; p != nil {
		d.Next = previewJSON(p)
	}
	return d
}

func previewJSON(p *watch.Preview) *previewDoc {
	d := &previewDoc{Sources: p.Sources, Changes: []expectedDoc{}, Again: p.Again, Missing: pathsJSON(p.Missing),
		Failing: problemsJSON(p.Failing), Held: problemsJSON(p.Held)}
	for _, e := range p.Changes {
		d.Changes = append(d.Changes, expectedDoc{Source: e.Source, SourceBytes: rawBytes(e.Source), Events: e.Events, Maybe: e.Maybe})
	}
	return d
}

func lastRunJSON(l repo.LastRun, failed *failedRun) lastRunDoc {
	d := lastRunDoc{Ended: timeText(l.Ended), Good: timeText(l.Good)}
	if failed != nil {
		d.Failed, d.Failure = timeText(failed.When), failed.Why
	}
	return d
}

// ageJSON is the document of status --max-age.
func ageJSON(dest string, last repo.LastRun, failed *failedRun, limit time.Duration, fresh bool) ageDocument {
	return ageDocument{Destination: dest, LastRun: lastRunJSON(last, failed), MaxAgeSeconds: limit.Seconds(), Fresh: fresh}
}
