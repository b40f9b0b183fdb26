package render

import (
	"fmt"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch/config"
	"timemachine/watch/preview"
	"timemachine/watch/scan"
)

// WatchedDocument is one line of the watch list in list --json.
type WatchedDocument struct {
	Entry   string   `json:"entry"` // as written
	Kind    string   `json:"kind"`  // path, pattern, exclusion; with -v default-exclusion
	Path    string   `json:"path,omitempty"`
	Pattern string   `json:"pattern,omitempty"`
	Selects []string `json:"selects,omitempty"` // with -v
	// SelectsBytes is set where a name in Selects is not UTF-8. It holds all names in base64, in
	// the same order.
	SelectsBytes []string `json:"selects_bytes,omitempty"`
	Problem      string   `json:"problem,omitempty"` // with -v: what cannot be read
}

// WatchListJSON is the document of a watch list: each line with its meaning.
func WatchListJSON(c *config.Config, lines []string) []WatchedDocument {
	byText := map[string]*config.Entry{}
	for _, e := range c.Entries {
		byText[e.Text] = e
	}
	entries := make([]WatchedDocument, 0, len(lines))
	for _, text := range lines {
		l := WatchedDocument{Entry: text, Kind: "path"}
		switch e := byText[text]; {
		case e == nil && strings.HasPrefix(text, "!"):
			l.Kind = "exclusion"
		case e != nil && !e.IsLiteral():
			l.Kind, l.Pattern = "pattern", e.Pattern
		case e != nil:
			l.Path = e.Root
		}
		entries = append(entries, l)
	}
	return entries
}

// DefaultExclusionsJSON are the lines of what is left out by default.
func DefaultExclusionsJSON() []WatchedDocument {
	var entries []WatchedDocument
	for _, pattern := range config.DefaultExclusions {
		entries = append(entries, WatchedDocument{Entry: pattern, Kind: "default-exclusion"})
	}
	return entries
}

// AddSelection adds to each entry what it selects now.
func AddSelection(entries []WatchedDocument, selection []scan.EntrySources) {
	byText := map[string]scan.EntrySources{}
	for _, s := range selection {
		byText[s.Entry.Text] = s
	}
	for i := range entries {
		s := byText[entries[i].Entry]
		entries[i].Selects, entries[i].SelectsBytes = s.Paths, rawList(s.Paths)
		if s.Err != nil {
			entries[i].Problem = terminal.Escape(s.Err.Error())
		}
	}
}

// WatchListLines are the lines of the watch list, each followed by the files that it selects.
func WatchListLines(entries []WatchedDocument) []string {
	var lines []string
	for _, e := range entries {
		lines = append(lines, terminal.Quote(e.Entry))
		for _, path := range e.Selects {
			lines = append(lines, "  "+terminal.Quote(path))
		}
		if e.Problem != "" {
			lines = append(lines, "  cannot be read: "+e.Problem)
		}
	}
	return lines
}

// Why is what a run would do with a path, and what the history holds of it.
type Why struct {
	*preview.Explanation
	Configuration string                 // the file's path
	Versions      int                    // of the file, without deletions; 0: none
	Since         time.Time              // when the first of them was captured
	Files         int                    // number of recorded files below a folder
	Ignored       []*config.IgnoredLines // of the file
	Hint          string                 // what to type; "" for nothing
}

// Lines are the answer for people, of which the last can be the hint.
func (w *Why) Lines(c Clock) []string {
	lines := []string{terminal.Quote(w.Path) + " " + w.Verdict(c)}
	if w.Entry != nil {
		lines = append(lines, fmt.Sprintf("  entry: %s (%s:%d)", terminal.Quote(w.Entry.Text), terminal.Quote(w.Configuration), w.Entry.Line))
	}
	for _, l := range w.Ignored {
		lines = append(lines, fmt.Sprintf("  a change in certain lines alone makes no version: ignore-lines of %s (%s:%d)", terminal.Quote(l.Text), terminal.Quote(w.Configuration), l.Line))
	}
	if w.Reason != preview.Recorded && w.Versions > 0 {
		lines[0] += "; its " + Count(w.Versions, "version") + " in the history stay"
	}
	if w.Hint != "" {
		lines = append(lines, "  "+w.Hint)
	}
	return lines
}

// Verdict is what happens to the path, and why.
func (w *Why) Verdict(c Clock) string {
	switch w.Reason {
	case preview.Recorded:
		if w.Versions == 0 {
			return "is watched: the next run records its first version"
		}
		return fmt.Sprintf("is recorded: %s since %s", Count(w.Versions, "version"), c.Moment(w.Since))
	case preview.FolderScanned:
		return "is a folder that runs scan: " + Count(w.Files, "file") + " recorded below it"
	case preview.Unwatched:
		return "is not watched: no entry names it, or a folder that it is in"
	case preview.Missing:
		if w.At != w.Path {
			return "is not recorded: " + terminal.Quote(w.At) + " does not exist"
		}
		return "is watched, and does not exist"
	}
	return "is left out: " + w.about() + w.cause()
}

// about names the folder that decides, where it is not the path itself.
func (w *Why) about() string {
	if w.At == w.Path {
		return "it "
	}
	return terminal.Quote(w.At) + " "
}

// cause says why At is left out. What it says of At begins with a verb.
func (w *Why) cause() string {
	switch w.Reason {
	case preview.Excluded:
		where := "a default exclusion"
		if !w.Rule.IsDefault() {
			where = fmt.Sprintf("%s:%d", terminal.Quote(w.Configuration), w.Rule.Line)
		}
		return "matches the exclusion " + terminal.Quote(w.Rule.Text) + " (" + where + ")"
	case preview.Own:
		return "is timemachine's own"
	case preview.Pseudo:
		return "is on a file system that the kernel makes up, such as /proc"
	case preview.BehindLink:
		return "is a link, which is recorded as a link and not followed"
	case preview.LedThrough:
		return "is a link that entries lead through: what lies behind it is recorded below it"
	case preview.TooLong:
		return "has a path longer than the system takes"
	}
	if w.Problem == nil {
		return "cannot be recorded"
	}
	p := *w.Problem
	p.Path = ""
	return ProblemText(p)
}
