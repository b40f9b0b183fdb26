package statusview

import (
	"fmt"
	"strconv"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
)

// porcelainFormat is the version of what Porcelain returns.
const porcelainFormat = 1

// Porcelain is the status for scripts: lines of a key, a space and a value. Keys are never changed
// and keep their meaning; docs/json.md lists them.
func (s *Status) Porcelain() []string {
	var lines []string
	add := func(key, value string) {
		if value != "" {
			lines = append(lines, key+" "+value)
		}
	}
	number := func(key string, n int64) { add(key, strconv.FormatInt(n, 10)) }
	number("format", porcelainFormat)
	add("destination", terminal.Quote(s.Destination))
	add("configuration", quoteSome(s.Configuration))
	add("branch", quoteSome(s.Branch))
	add("busy", strconv.FormatBool(s.Busy))
	number("versions", int64(s.Versions))
	if s.Versions > 0 {
		add("newest", s.Newest.Commit.String())
		add("newest-captured", render.TimeText(s.Newest.CaptureTime()))
	}
	add("run-ended", render.TimeText(s.Last.Ended))
	add("run-good", render.TimeText(s.Last.Good))
	if s.Failed != nil {
		add("run-failed", render.TimeText(s.Failed.When))
		add("run-failure", terminal.Escape(s.Failed.Why))
	}
	number("unwritten", int64(s.Last.Unwritten))
	for _, w := range s.Watches {
		add("watch", strconv.Itoa(w.PID)+" "+terminal.Quote(w.Config))
	}
	for _, j := range s.Scheduled {
		add("schedule", terminal.Quote(j.Where))
	}
	number("size-git", s.Sizes.Git)
	number("size-files", s.Sizes.Files)
	number("size-copies", s.Sizes.Copies)
	if s.Free >= 0 {
		number("free", s.Free)
	}
	if g := s.Growth; g != nil {
		number("growth-per-day", g.PerDay())
		if left := g.DaysLeft(s.Free); left >= 0 {
			number("days-left", left)
		}
	}
	s.porcelainPush(add)
	s.porcelainPreview(add)
	return lines
}

func (s *Status) porcelainPush(add func(key, value string)) {
	switch {
	case s.Push != nil:
		add("push-remote", terminal.Quote(s.Push.Remote))
		add("push-lacks", strconv.Itoa(s.Push.Lacking))
		add("push-failing", string(s.Push.Class))
	case s.Upstream != nil:
		add("push-remote", terminal.Quote(s.Upstream.Remote))
		add("push-lacks", strconv.Itoa(s.Upstream.Ahead))
	}
}

func (s *Status) porcelainPreview(add func(key, value string)) {
	p := s.Preview
	if p == nil {
		return
	}
	add("entries", strconv.Itoa(s.Entries))
	if s.Unrecorded > 0 {
		add("unrecorded", strconv.Itoa(s.Unrecorded))
	}
	add("files", strconv.Itoa(p.Sources))
	add("bytes", strconv.FormatInt(p.Bytes, 10))
	add("reads", strconv.Itoa(p.Rechecked))
	for _, e := range p.Changes {
		key := "change"
		if e.Maybe {
			key = "maybe"
		}
		add(key, fmt.Sprintf("%s %s", e.Events[0], terminal.Quote(e.Source)))
	}
	for _, problem := range p.Failing {
		add("left-out", terminal.Quote(problem.Path))
	}
	for _, problem := range p.Held {
		add("held", terminal.Quote(problem.Path))
	}
	for _, path := range p.Missing {
		add("missing", terminal.Quote(path))
	}
}

// quoteSome is a name for people; "" stays so.
func quoteSome(name string) string {
	if name == "" {
		return ""
	}
	return terminal.Quote(name)
}
