package main

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/watch"
)

// print writes one line of results to standard output.
func (a *app) print(text string) error {
	_, err := fmt.Fprintln(a.stdout, text)
	return err
}

// runDocument is what run --json prints. Lists are never null.
type runDocument struct {
	Scan        string         `json:"scan"`
	Destination string         `json:"destination"`
	Busy        bool           `json:"busy,omitempty"` // another run was at work, so this one did nothing
	Added       []string       `json:"added,omitempty"`
	Already     []string       `json:"already,omitempty"`
	Versions    []versionEntry `json:"versions"`
	Problems    []problemEntry `json:"problems"`
	Events      map[string]int `json:"events"`
	Sources     int            `json:"sources"`
	ElapsedMS   int64          `json:"elapsed_ms"`
	Tip         string         `json:"tip"`
}

// versionEntry is one version. SourceBytes is set where Source is not UTF-8 and therefore lossy.
type versionEntry struct {
	Event       string `json:"event"`
	Source      string `json:"source"`
	SourceBytes string `json:"source_bytes,omitempty"`
	Mtime       string `json:"mtime,omitempty"`
	Mode        string `json:"mode,omitempty"`
	Size        int64  `json:"size"`
	Blob        string `json:"blob,omitempty"`
	Commit      string `json:"commit"`
	Copy        string `json:"copy,omitempty"`
	CopyBytes   string `json:"copy_bytes,omitempty"`
}

// problemEntry is one problem. Warning is set where it does not make the exit status 3.
type problemEntry struct {
	Path      string `json:"path"`
	PathBytes string `json:"path_bytes,omitempty"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Warning   bool   `json:"warning,omitempty"`
}

// emptyDocument is what a run prints that looked at nothing.
func emptyDocument(dest string) runDocument {
	return runDocument{Destination: dest, Versions: []versionEntry{}, Problems: []problemEntry{}, Events: map[string]int{}}
}

func (r *report) document(dest string, s *watch.Summary) runDocument {
	d := emptyDocument(dest)
	d.Scan, d.Sources, d.ElapsedMS, d.Tip = s.Scan, s.Sources, s.Elapsed.Milliseconds(), idText(s.Tip)
	for event, n := range s.Events {
		d.Events[string(event)] = n
	}
	for _, v := range r.versions {
		d.Versions = append(d.Versions, versionJSON(v))
	}
	for _, p := range r.problems {
		d.Problems = append(d.Problems, problemEntry{
			Path: p.Path, PathBytes: rawBytes(p.Path), Message: problemText(p), Hint: p.Hint, Warning: p.Warning,
		})
	}
	return d
}

func versionJSON(v record.Version) versionEntry {
	e := versionEntry{
		Event:       string(v.Event),
		Source:      v.Source,
		SourceBytes: rawBytes(v.Source),
		Commit:      idText(v.Commit),
	}
	if v.Event == record.Deleted {
		return e
	}
	e.Mtime = record.FormatTime(v.Mtime)
	e.Mode = modeText(v.Mode)
	e.Size, e.Blob, e.Copy, e.CopyBytes = v.Size, idText(v.Blob), v.Copy, rawBytes(v.Copy)
	return e
}

func modeText(mode uint32) string { return fmt.Sprintf("%04o", mode) }

// rawBytes is the base64 form of a name that JSON cannot hold, "" for others.
func rawBytes(name string) string {
	if utf8.ValidString(name) {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(name))
}

// rawList is the base64 form of all names where JSON cannot hold one of them, nil where it can.
func rawList(names []string) []string {
	if !slices.ContainsFunc(names, func(n string) bool { return rawBytes(n) != "" }) {
		return nil
	}
	raw := make([]string, len(names))
	for i, n := range names {
		raw[i] = base64.StdEncoding.EncodeToString([]byte(n))
	}
	return raw
}

func idText(id object.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// plural is count for nouns with a plural of their own.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// events lists how often each kind of event happened, in the order of their names.
func events(s *watch.Summary) string {
	var parts []string
	for _, e := range slices.Sorted(maps.Keys(s.Events)) {
		if s.Events[e] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", s.Events[e], e))
		}
	}
	return strings.Join(parts, ", ")
}

// brief rounds a duration to what a person wants to know.
func brief(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return d.Round(time.Second).String()
}

// sizeText is a number of bytes for people.
func sizeText(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, units := float64(n)/(1<<10), "KMGTPE"
	for f >= 1<<10 {
		f, units = f/(1<<10), units[1:]
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + units[:1] + "iB"
}
