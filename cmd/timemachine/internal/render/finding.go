package main

import (
	"strings"

	"timemachine/repo"
)

// findingEntry is one line of verify --json with the type "problem".
type findingEntry struct {
	Type      string `json:"type"`
	Part      string `json:"part"`
	Path      string `json:"path,omitempty"`
	PathBytes string `json:"path_bytes,omitempty"`
	Object    string `json:"object,omitempty"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Repaired  bool   `json:"repaired"`
}

// verifySummary is the last line of verify --json, with the type "summary".
type verifySummary struct {
	Type     string `json:"type"`
	Objects  int64  `json:"objects"`
	Versions int64  `json:"versions"`
	Files    int64  `json:"files"`
	Copies   int64  `json:"copies"`
	Problems int    `json:"problems"`
	Repaired int    `json:"repaired"`
}

// findingJSON is the line of a finding.
func findingJSON(f repo.Finding) findingEntry {
	return findingEntry{Type: "problem", Part: string(f.Part), Path: f.Path, PathBytes: rawBytes(f.Path),
		Object: idText(f.Object), Message: f.Msg, Hint: f.Hint, Repaired: f.Repaired}
}

// findingText is a finding in one line: what it is about, what is wrong, and whether it still is.
func findingText(f repo.Finding) string {
	var about []string
	if f.Path != "" {
		about = append(about, quote(f.Path))
	}
	if !f.Object.IsZero() {
		about = append(about, f.Object.Short())
	}
	text := string(f.Part) + " " + strings.Join(about, " ") + ": " + f.Msg
	if f.Repaired {
		text += "; repaired"
	}
	return text
}

// findingLine is a finding with its hint, for standard output.
func findingLine(f repo.Finding) string {
	text := findingText(f)
	if f.Hint != "" {
		text += " (" + f.Hint + ")"
	}
	return harmless(text)
}

// verifyJSON is the last line of a verification.
func verifyJSON(s *repo.VerifySummary) verifySummary {
	return verifySummary{Type: "summary", Objects: s.Objects, Versions: s.Versions, Files: s.Files, Copies: s.Copies,
		Problems: s.Findings, Repaired: s.Repaired}
}

// verifyLine is a verification in one line.
func verifyLine(s *repo.VerifySummary) string {
	text := "verified " + count(int(s.Objects), "object") + ", " + count(int(s.Versions), "version") + ", " +
		count(int(s.Files), "file") + " and " + plural(int(s.Copies), "copy", "copies") + ": "
	switch {
	case s.Findings == 0:
		return text + "no problem"
	case s.Repaired == 0:
		return text + count(s.Findings, "problem")
	}
	return text + count(s.Findings, "problem") + ", " + count(s.Repaired, "problem") + " repaired"
}
