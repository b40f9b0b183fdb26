package render

import (
	"strings"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/verify"
)

// FindingDocument is one line of verify --json with the type "problem".
type FindingDocument struct {
	Type      string `json:"type"`
	Part      string `json:"part"`
	Path      string `json:"path,omitempty"`
	PathBytes string `json:"path_bytes,omitempty"`
	Object    string `json:"object,omitempty"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Repaired  bool   `json:"repaired"`
}

// VerifyDocument is the last line of verify --json, with the type "summary".
type VerifyDocument struct {
	Type     string `json:"type"`
	Objects  int64  `json:"objects"`
	Versions int64  `json:"versions"`
	Files    int64  `json:"files"`
	Copies   int64  `json:"copies"`
	Problems int    `json:"problems"`
	Repaired int    `json:"repaired"`
}

// FindingJSON is the line of a finding. say gives the words of its remedy.
func FindingJSON(f verify.Finding, say Hints) FindingDocument {
	return FindingDocument{Type: "problem", Part: string(f.Part), Path: f.Path, PathBytes: RawBytes(f.Path),
		Object: IDText(f.Object), Message: f.Msg, Hint: say(f.Remedy), Repaired: f.Repaired}
}

// FindingText is a finding in one line: its object, the damage, and whether verify repaired it.
func FindingText(f verify.Finding) string {
	var about []string
	if f.Path != "" {
		about = append(about, terminal.Quote(f.Path))
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

// FindingLine is a finding with its hint, for standard output. say gives the words of its remedy.
func FindingLine(f verify.Finding, say Hints) string {
	text := FindingText(f)
	if hint := say(f.Remedy); hint != "" {
		text += " (" + hint + ")"
	}
	return terminal.Escape(text)
}

// MoreFindings says in one line how many findings of a part are not shown.
func MoreFindings(part verify.Part, n int) string {
	return "and " + Count(n, "more problem") + " of the kind " + string(part)
}

// VerifyJSON is the last line of a verification.
func VerifyJSON(s *verify.Summary) VerifyDocument {
	return VerifyDocument{Type: "summary", Objects: s.Objects, Versions: s.Versions, Files: s.Files, Copies: s.Copies,
		Problems: s.Findings, Repaired: s.Repaired}
}

// VerifyLine is a verification in one line; a quick one has read no contents. With onlyHistory it
// has not looked at files/ and copies/.
func VerifyLine(s *verify.Summary, quick, onlyHistory bool) string {
	text := "verified " + Count(int(s.Objects), "object") + ", " + Count(int(s.Versions), "version") + ", " +
		Count(int(s.Files), "file") + " and " + plural(int(s.Copies), "copy", "copies")
	if onlyHistory {
		text = "verified " + Count(int(s.Objects), "object") + " and " + Count(int(s.Versions), "version") + ", the history alone"
	}
	if quick {
		text += ", without reading their contents"
	}
	text += ": "
	switch {
	case s.Findings == 0:
		return text + "no problem"
	case s.Repaired == 0:
		return text + Count(s.Findings, "problem")
	}
	return text + Count(s.Findings, "problem") + ", " + Count(s.Repaired, "problem") + " repaired"
}
