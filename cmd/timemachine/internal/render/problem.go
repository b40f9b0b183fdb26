package main

import (
	"strings"

	"timemachine/repo/durable"
	"timemachine/watch"
)

// problemEntry is one problem. Warning is set where it does not make the exit status 3.
type problemEntry struct {
	Path      string `json:"path"`
	PathBytes string `json:"path_bytes,omitempty"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Warning   bool   `json:"warning,omitempty"`
}

// problemText is one sentence that names the path and, where the message leaves it out, the cause.
func problemText(p watch.Problem) string {
	text := p.Msg
	if p.Path != "" && !strings.Contains(text, p.Path) && !strings.Contains(text, quote(p.Path)) {
		text = quote(p.Path) + ": " + text
	}
	if p.Err != nil && !strings.Contains(text, durable.Reason(p.Err)) {
		text += ": " + durable.Reason(p.Err)
	}
	return harmless(text)
}

func problemsJSON(problems []watch.Problem) []problemEntry {
	list := []problemEntry{}
	for _, p := range problems {
		list = append(list, problemEntry{Path: p.Path, PathBytes: rawBytes(p.Path), Message: problemText(p), Hint: p.Hint, Warning: p.Warning})
	}
	return list
}
