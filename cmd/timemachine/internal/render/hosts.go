package render

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
)

// HostDocument is one branch as hosts --json prints it. One that cannot be read has Error in place
// of the fields about its newest version.
type HostDocument struct {
	Branch      string           `json:"branch"`
	BranchBytes string           `json:"branch_bytes,omitempty"`
	Ref         string           `json:"ref"`
	Tip         string           `json:"tip,omitempty"`
	Captured    string           `json:"captured,omitempty"`
	LagSeconds  *float64         `json:"lag_seconds,omitempty"`
	Newest      *VersionDocument `json:"newest,omitempty"`
	Error       string           `json:"error,omitempty"`
}

// HostJSON is the document of a branch.
func HostJSON(b *history.Branch, now time.Time) HostDocument {
	d := HostDocument{Branch: b.Name, BranchBytes: RawBytes(b.Name), Ref: b.Ref, Tip: IDText(b.Tip)}
	if b.Err != nil {
		d.Error = b.Err.Error()
		return d
	}
	newest, lag := versionJSON(b.Newest), now.Sub(b.Newest.CaptureTime()).Seconds()
	d.Captured, d.LagSeconds, d.Newest = TimeText(b.Newest.CaptureTime()), &lag, &newest
	return d
}

// HostLines are the branches that can be read, one a line: its name, when its newest version was
// captured and how long ago that was, and that version.
func HostLines(branches []history.Branch, c Clock) []string {
	var rows [][2]string
	var about []string
	width := [2]int{}
	for i := range branches {
		b := &branches[i]
		if b.Err != nil {
			continue
		}
		row := [2]string{terminal.Quote(b.Name), c.Moment(b.Newest.CaptureTime())}
		for k := range row {
			width[k] = max(width[k], utf8.RuneCountInString(row[k]))
		}
		rows = append(rows, row)
		about = append(about, fmt.Sprintf("%s  %-12s  %s", b.Newest.Commit.Short(), b.Newest.Event, terminal.Quote(b.Newest.Source)))
	}
	var lines []string
	for i, row := range rows {
		line := ""
		for k := range row {
			line += row[k] + strings.Repeat(" ", width[k]-utf8.RuneCountInString(row[k])) + "  "
		}
		lines = append(lines, line+about[i])
	}
	return lines
}
