package doctor

import (
	"slices"
	"strings"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
)

// Document is what doctor --json prints; docs/json.md explains it.
type Document struct {
	Configuration string            `json:"configuration"`
	Destination   string            `json:"destination,omitempty"`
	Healthy       bool              `json:"healthy"`
	Checks        []string          `json:"checks"`
	Findings      []FindingDocument `json:"findings"`
}

// FindingDocument is one finding.
type FindingDocument struct {
	Check     string `json:"check"`
	NeedsHand bool   `json:"needs_hand"`
	Path      string `json:"path,omitempty"`
	PathBytes string `json:"path_bytes,omitempty"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
}

// Document is the report as JSON.
func (r *Report) Document(p *Patient) Document {
	d := Document{Configuration: p.Configuration, Destination: p.Destination, Healthy: r.NeedsHand() == 0, Checks: r.Checks, Findings: []FindingDocument{}}
	for i := range r.Findings {
		f := &r.Findings[i]
		d.Findings = append(d.Findings, FindingDocument{Check: f.Check, NeedsHand: !f.Note, Path: f.Path, PathBytes: render.RawBytes(f.Path), Message: f.Text, Hint: f.Remedy})
	}
	return d
}

// Lines are the report for people: what needs a hand, then the notes, a line each. all names also
// the checks that have found nothing.
func (r *Report) Lines(all bool) (lines []string) {
	for _, note := range []bool{false, true} {
		for i := range r.Findings {
			if r.Findings[i].Note == note {
				lines = append(lines, r.Findings[i].line())
			}
		}
	}
	if all {
		well := slices.DeleteFunc(slices.Clone(r.Checks), func(name string) bool {
			return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Check == name })
		})
		lines = append(lines, "well: "+strings.Join(well, ", "))
	}
	if r.NeedsHand() == 0 {
		return append(lines, "nothing needs a hand")
	}
	return lines
}

func (f *Finding) line() string {
	text := f.Check + ": " + f.Text
	if f.Note {
		text = "note: " + text
	}
	if f.Remedy != "" {
		text += "; " + terminal.Escape(f.Remedy)
	}
	return text
}
