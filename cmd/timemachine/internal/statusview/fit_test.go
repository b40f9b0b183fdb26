package statusview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
)

// TestPageFits fills lines to the screen, and cuts what has no place to break in its middle.
func TestPageFits(t *testing.T) {
	p := page{columns: 40}
	p.row("history", "5 versions on branch main, the newest /a/very/long/path/that/has/no/place/to/break")
	p.row("last run", "2026-11-29 06:10:10 (3 hours ago), all well")
	p.item("modified", 8, "/srv/文件文件文件文件文件文件文件文件文件文件.txt")
	p.hang("  ", "/srv/x: cannot be read, for a reason that takes two lines", 4)
	want := []string{
		"history      5 versions on branch main,",
		"             the newest",
		"             /a/very/…/no/place/to/break",
		"last run     2026-11-29 06:10:10",
		"             (3 hours ago), all well",
		"  modified  /srv/文件…件文件文件文件.txt",
		"  /srv/x: cannot be read, for a reason",
		"    that takes two lines",
	}
	for _, line := range p.lines {
		if terminal.Columns(line) > 40 {
			t.Errorf("%d columns: %s", terminal.Columns(line), line)
		}
	}
	if !slices.Equal(p.lines, want) {
		t.Errorf("%q", p.lines)
	}
	uncut := page{}
	uncut.row("history", strings.Repeat("long ", 50))
	uncut.item("added", 8, strings.Repeat("/x", 200))
	if len(uncut.lines) != 2 || !strings.HasSuffix(uncut.lines[1], strings.Repeat("/x", 200)) {
		t.Errorf("%q", uncut.lines)
	}
}

// TestGrowth claims what the history supports, and nothing of less than a day.
func TestGrowth(t *testing.T) {
	now := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	pace := Pace{Since: now.Add(-10 * day), Versions: 100, Content: 5 << 20, Copies: 5 << 20}
	for _, c := range []struct {
		pace Pace
		free int64
		want string
	}{
		{pace, 1 << 30, "100 versions in 10 days, about 1.1 MiB a day; space for 2 years"},
		{pace, 10 << 20, "100 versions in 10 days, about 1.1 MiB a day; space for 9 days"},
		{pace, 1 << 40, "100 versions in 10 days, about 1.1 MiB a day; space for over 10 years"},
		{pace, -1, "100 versions in 10 days, about 1.1 MiB a day"},
		{Pace{Since: now.Add(-30 * day)}, 1 << 30, "no version in 30 days"},
	} {
		if got := NewGrowth(c.pace, now).text(c.free); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
	for _, since := range []time.Time{{}, now.Add(-23 * time.Hour), now.Add(time.Hour)} {
		if NewGrowth(Pace{Since: since, Versions: 1}, now) != nil {
			t.Errorf("a growth since %v", since)
		}
	}
}
