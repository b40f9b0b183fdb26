package render

import (
	"strings"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// WatchedDocument is one line of the watch list in list --json.
type WatchedDocument struct {
	Entry   string   `json:"entry"` // as written
	Kind    string   `json:"kind"`  // path, pattern or exclusion
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
