package render

import (
	"strings"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/refusal"
	"timemachine/watch/scan"
)

// ProblemDocument is one problem. A problem with Warning set does not make the exit status 3.
type ProblemDocument struct {
	Path      string `json:"path"`
	PathBytes string `json:"path_bytes,omitempty"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Warning   bool   `json:"warning,omitempty"`
}

// Hints gives the words of a remedy; "" where there is nothing to do.
type Hints func(refusal.Remedy) string

// ProblemText is a problem in one line. It adds the path and the cause where the message leaves
// them out.
func ProblemText(p scan.Problem) string {
	text := p.Msg
	if p.Path != "" && !strings.Contains(text, p.Path) && !strings.Contains(text, terminal.Quote(p.Path)) {
		text = terminal.Quote(p.Path) + ": " + text
	}
	if p.Err != nil && !strings.Contains(text, durable.Reason(p.Err)) {
		text += ": " + durable.Reason(p.Err)
	}
	return terminal.Escape(text)
}

func problemsJSON(problems []scan.Problem, say Hints) []ProblemDocument {
	list := []ProblemDocument{}
	for _, p := range problems {
		list = append(list, ProblemDocument{Path: p.Path, PathBytes: rawBytes(p.Path), Message: ProblemText(p), Hint: say(p.Remedy), Warning: p.Warning})
	}
	return list
}
