package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// The files of a simulated year.
const (
	yearConfigs  = 400 // below etc/
	yearNotes    = 200 // below notes/
	yearLogsKept = 4   // rotated ones
	yearUpgraded = 60  // configurations that an upgrade changes at once
	minutesADay  = 24 * 60
)

// yearBegin is a Monday more than a year before now. A run would read a file again whose ctime is
// less than two seconds before its clock, and the ctime of each file here is the time of the
// simulation itself.
var yearBegin = time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)

type editKind int

const (
	saved    editKind = iota // a line of it is another one; the file is replaced, as editors do it
	upgraded                 // the same with five lines
	added                    // a file that is new
	removed                  // a file is deleted
	appended                 // a line comes to the end
	rotated                  // a log gets the name of the first rotated one, and so on
)

type yearEdit struct {
	kind editKind
	name string // below the folder of the sources
}

func yearConfig(i int) string { return fmt.Sprintf("etc/d%02d/f%03d.conf", i/20, i) }
func yearNote(i int) string   { return fmt.Sprintf("notes/d%d/n%03d.md", i/25, i) }
func yearPart(i int) string   { return fmt.Sprintf("etc/d00/part%d.conf", i) }

const yearLog = "log/server.log"

// yearLogName is the name of a rotated log.
func yearLogName(n int) string { return fmt.Sprintf("%s.%d", yearLog, n) }

// yearPlan is what changes on a day before the run of each minute. It is the same for the same day.
// No name is there twice in a minute, so each edit becomes a version.
//
// A package upgrade changes many configurations every second Thursday, and brings a new one in
// place of that of the upgrade before. On a third of the working days a few other configurations
// are edited. In working hours a note is edited some times an hour, and on Mondays there is a new
// one. The log gets a line every few minutes, by night every quarter of an hour, and is rotated on
// Sundays.
func yearPlan(day int) map[int][]yearEdit {
	r := rand.New(rand.NewPCG(uint64(day), 2025))
	plan := map[int][]yearEdit{}
	add := func(minute int, kind editKind, name string) {
		for _, e := range plan[minute] {
			if e.name == name || e.kind == rotated {
				return
			}
		}
		plan[minute] = append(plan[minute], yearEdit{kind, name})
	}
	if day%7 == 6 {
		add(1, rotated, yearLog)
	}
	if day%14 == 3 {
		for _, i := range r.Perm(yearConfigs)[:yearUpgraded] {
			add(6*60+25, upgraded, yearConfig(i))
		}
		add(6*60+25, added, yearPart(day/14))
		if day >= 14 {
			add(6*60+26, removed, yearPart(day/14-1))
		}
	}
	if day%7 == 0 {
		add(9*60+5, added, fmt.Sprintf("notes/d0/week%02d.md", day/7))
	}
	if day%7 < 5 {
		if r.IntN(3) == 0 {
			for range 1 + r.IntN(4) {
				add(8*60+r.IntN(12*60), saved, yearConfig(r.IntN(yearConfigs)))
			}
		}
		for hour := 9; hour < 17; hour++ {
			note := yearNote(r.IntN(yearNotes))
			for range 2 + r.IntN(3) {
				add(hour*60+r.IntN(60), saved, note)
			}
		}
	}
	for minute := r.IntN(10); minute < minutesADay; {
		add(minute, appended, yearLog)
		if hour := minute / 60; hour >= 7 && hour < 22 {
			minute += 2 + r.IntN(7)
		} else {
			minute += 10 + r.IntN(11)
		}
	}
	return plan
}

// versions is the number of versions that an edit on a day makes.
func (e *yearEdit) versions(day int) int {
	if e.kind == rotated {
		return min(day/7+1, yearLogsKept) + 1
	}
	return 1
}

// yearWorld is the folder of the sources.
type yearWorld struct {
	dir  string
	rand *rand.Rand
}

func (w *yearWorld) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

// begin makes the files as they are before the year.
func (w *yearWorld) begin() error {
	before := yearBegin.AddDate(0, -1, 0)
	for i := range yearConfigs {
		if err := w.put(yearConfig(i), text(uint64(i), 200<<w.rand.IntN(6)), before.Add(time.Duration(i)*time.Second)); err != nil {
			return err
		}
	}
	for i := range yearNotes {
		if err := w.put(yearNote(i), text(uint64(1000+i), 1000<<w.rand.IntN(4)), before.Add(time.Duration(i)*time.Minute)); err != nil {
			return err
		}
	}
	return w.put(yearLog, text(9, linesInYears), before)
}

// put makes or replaces a file by a rename, as editors and package managers do it.
func (w *yearWorld) put(name string, data []byte, when time.Time) error {
	path := w.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	next := filepath.Join(filepath.Dir(w.dir), "next")
	if err := os.WriteFile(next, data, 0o644); err != nil {
		return err
	}
	if err := os.Chtimes(next, when, when); err != nil {
		return err
	}
	return os.Rename(next, path)
}

func (w *yearWorld) apply(e *yearEdit, when time.Time) error {
	switch e.kind {
	case added:
		return w.put(e.name, text(uint64(when.Unix()), 2000), when)
	case removed:
		return os.Remove(w.path(e.name))
	case appended:
		return w.appendLine(e.name, when)
	case rotated:
		for n := yearLogsKept; n > 1; n-- {
			if err := os.Rename(w.path(yearLogName(n-1)), w.path(yearLogName(n))); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
		if err := os.Rename(w.path(yearLog), w.path(yearLogName(1))); err != nil {
			return err
		}
		return w.put(yearLog, []byte(when.Format(time.RFC3339)+" begins\n"), when)
	}
	data, err := os.ReadFile(w.path(e.name))
	if err != nil {
		return err
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	edits := 1
	if e.kind == upgraded {
		edits = 5
	}
	for range edits {
		lines[w.rand.IntN(len(lines)-1)] = fmt.Appendf(nil, "edited_%d at %s\n", w.rand.IntN(1e6), when.Format(time.RFC3339))
	}
	return w.put(e.name, bytes.Join(lines, nil), when)
}

func (w *yearWorld) appendLine(name string, when time.Time) error {
	f, err := os.OpenFile(w.path(name), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %s", when.Format(time.RFC3339), text(uint64(when.UnixNano()), linesInYears))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Chtimes(w.path(name), when, when)
}
