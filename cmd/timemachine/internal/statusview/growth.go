package statusview

import (
	"fmt"
	"time"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/repo/record"
)

// Pace is how much the runs of some time have recorded.
type Pace struct {
	Since    time.Time // the beginning of that time
	Versions int       // without deletions
	Content  int64     // bytes of their content, without that of versions that changed no content
	Copies   int64     // bytes of their plain copies
	Latest   time.Time // capture, also of a deletion
}

// Count adds a version.
func (p *Pace) Count(r *record.Record) {
	if r.Ends() {
		return
	}
	p.Versions++
	if r.Event != record.Touched && r.Event != record.Metadata {
		p.Content += r.Size
	}
	if r.Copy != "" {
		p.Copies += r.Size
	}
}

// Add adds what another run has recorded.
func (p *Pace) Add(run *Pace) {
	p.Versions += run.Versions
	p.Content += run.Content
	p.Copies += run.Copies
}

// Growth is how much was recorded over some time, and how long free space lasts at that pace.
type Growth struct {
	Pace
	Days float64 // how long that time was: at least one
}

// The time that a growth is about.
const (
	growthDays = 30
	day        = 24 * time.Hour
)

// GrowthSince is where the time that a growth is about begins.
func GrowthSince(now time.Time) time.Time { return now.Add(-growthDays * day) }

// NewGrowth is the growth of a history; nil where less than a day of it is known.
func NewGrowth(p Pace, now time.Time) *Growth {
	if days := float64(now.Sub(p.Since)) / float64(day); !p.Since.IsZero() && days >= 1 {
		return &Growth{Pace: p, Days: days}
	}
	return nil
}

// eachVersion is about what a version takes besides its content: a commit, trees, and the last
// block of its copy.
const eachVersion = 6 << 10

// PerDay is about how many bytes a day the destination grows, on the high side: content is
// compressed in .git.
func (g *Growth) PerDay() int64 {
	return int64(float64(g.Content+g.Copies+int64(g.Versions)*eachVersion) / g.Days)
}

// DaysLeft is for how many days free space lasts; -1 where that cannot be told.
func (g *Growth) DaysLeft(free int64) int64 {
	if free < 0 || g.PerDay() == 0 {
		return -1
	}
	return free / g.PerDay()
}

// text is the growth for people.
func (g *Growth) text(free int64) string {
	in := render.Count(int(g.Days+0.5), "day")
	if g.Versions == 0 {
		return "no version in " + in
	}
	text := fmt.Sprintf("%s in %s, about %s a day", render.Count(g.Versions, "version"), in, render.SizeText(g.PerDay()))
	switch left := g.DaysLeft(free); {
	case left < 0:
	case left < 60:
		text += "; space for " + render.Count(int(left), "day")
	case left < 2*365:
		text += "; space for " + render.Count(int(left/30), "month")
	case left < 10*365:
		text += "; space for " + render.Count(int(left/365), "year")
	default:
		text += "; space for over 10 years"
	}
	return text
}
