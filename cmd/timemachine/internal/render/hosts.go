package render

import (
	"fmt"
	"strings"
	"time"

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

// leastHostPath is the number of columns that a path in the line of a branch has at least.
const leastHostPath = 20

// HostLines are the branches that can be read: their names, when their newest versions were
// captured and how long ago that was, and these versions. Each has a line, or on a screen that is
// too narrow for that several, the further ones indented; columns is 0 where nothing is cut.
func HostLines(branches []history.Branch, c Clock, columns int) []string {
	width := [2]int{}
	for i := range branches {
		if b := &branches[i]; b.Err == nil {
			width[0] = max(width[0], terminal.Columns(terminal.Quote(b.Name)))
			width[1] = max(width[1], terminal.Columns(c.Moment(b.Newest.CaptureTime())))
		}
	}
	var lines []string
	for i := range branches {
		b := &branches[i]
		if b.Err != nil {
			continue
		}
		name, moment, path := terminal.Quote(b.Name), c.Moment(b.Newest.CaptureTime()), terminal.Quote(b.Newest.Source)
		head := terminal.Pad(name, width[0]) + "  " + terminal.Pad(moment, width[1]) + fmt.Sprintf("  %s  %-12s  ", b.Newest.Commit.Short(), b.Newest.Event)
		switch left := columns - terminal.Columns(head); {
		case columns == 0:
			lines = append(lines, head+path)
			continue
		case left >= min(leastHostPath, terminal.Columns(path)):
			lines = append(lines, head+terminal.CutMiddle(path, left))
			continue
		}
		about := fmt.Sprintf("  %s  %s  ", b.Newest.Commit.Short(), b.Newest.Event)
		lines = append(lines, terminal.CutMiddle(name, columns), terminal.Cut("  "+moment, columns))
		if left := columns - terminal.Columns(about); left >= min(leastHostPath, terminal.Columns(path)) {
			lines = append(lines, about+terminal.CutMiddle(path, left))
		} else {
			lines = append(lines, terminal.Cut(strings.TrimRight(about, " "), columns), "  "+terminal.CutMiddle(path, columns-2))
		}
	}
	return lines
}
