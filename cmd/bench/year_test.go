package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"timemachine/repo/repotest"
)

// TestSimulatedDays lets two days of the simulated year pass.
func TestSimulatedDays(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 2,880 runs")
	}
	plot := filepath.Join(t.TempDir(), "year.svg")
	b, err := newBench(context.Background(), &options{size: 1e-9, plotYear: plot}, repotest.InMemory(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.year(); err != nil {
		t.Fatal(err)
	}
	if b.checkedRepos != 1 {
		t.Errorf("git has checked %d repositories", b.checkedRepos)
	}
	found := map[string]string{}
	for _, r := range b.rows {
		found[r.work] = r.verdict
	}
	for _, work := range []string{"packs at most", "loose objects at most", "files in .git beside packs at most",
		"copies after 2880 runs; those of 31 days and the newest"} {
		if found[work] != "met" {
			t.Errorf("%s: %q", work, found[work])
		}
	}
	if _, err := os.Stat(plot); err != nil {
		t.Error(err)
	}
}

// TestYearPlan checks what a year changes, and that each edit can become a version.
func TestYearPlan(t *testing.T) {
	count := map[editKind]int{}
	for day := range 365 {
		for minute, edits := range yearPlan(day) {
			if minute < 0 || minute >= minutesADay {
				t.Errorf("day %d: minute %d", day, minute)
			}
			seen := map[string]bool{}
			for _, e := range edits {
				if seen[e.name] {
					t.Errorf("day %d, minute %d: %s twice", day, minute, e.name)
				}
				seen[e.name] = true
				count[e.kind]++
			}
		}
	}
	for kind, least := range map[editKind]int{saved: 5_000, upgraded: 26 * yearUpgraded, added: 79, removed: 25, appended: 60_000, rotated: 52} {
		if count[kind] < least || count[kind] > 2*least {
			t.Errorf("kind %d: %d edits in a year, want at least %d", kind, count[kind], least)
		}
	}
}

// TestPlotOfWeeks draws some weeks and reads the figure as XML.
func TestPlotOfWeeks(t *testing.T) {
	var weeks []week
	for i := range 5 {
		weeks = append(weeks, week{Day: 7 * (i + 1), Idle: yearRun{0.002, 0.002}, Recording: yearRun{0.01, 0.008}, Packs: 3, GitFiles: 18,
			Git: 5e6 * int64(i), Disk: 1e8, Memory: 30 << 20})
	}
	file := filepath.Join(t.TempDir(), "year.svg")
	if err := plotWeeks(file, weeks, "2026-11-30"); err != nil {
		t.Fatal(err)
	}
	texts, lines := readFigure(t, file)
	for _, color := range []string{"#1B6CA8", "#D95F02"} {
		if lines[color] == 0 {
			t.Errorf("the figure has no line in %s", color)
		}
	}
	for _, want := range []string{"milliseconds a run", "an idle run", "a run that records", "memory", "of it .git", "packs, at most", "days"} {
		if !slices.Contains(texts, want) {
			t.Errorf("the figure lacks %q", want)
		}
	}
}
