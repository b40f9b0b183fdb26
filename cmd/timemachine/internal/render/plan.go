package render

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/repo/restore"
)

// The words for an action, before and after it is done.
var (
	actionsAhead = map[restore.Action]string{restore.Create: "would create", restore.Replace: "would replace", restore.Keep: "is as it was", restore.Leave: "would leave"}
	actionsDone  = map[restore.Action]string{restore.Create: "created", restore.Replace: "replaced", restore.Keep: "is as it was", restore.Leave: "left"}
)

// actionWords are the words for actions: of a dry run those before, else those after.
func actionWords(dryRun bool) map[restore.Action]string {
	if dryRun {
		return actionsAhead
	}
	return actionsDone
}

// PlanDocument is what restore --json prints; docs/json.md explains it.
type PlanDocument struct {
	DryRun  bool           `json:"dry_run"`
	Files   []StepDocument `json:"files"`
	Cleared []PathDocument `json:"cleared"`
	Extra   []PathDocument `json:"extra"`
	Limited string         `json:"limited,omitempty"`
	Failed  int            `json:"failed"`
}

type StepDocument struct {
	Source      string   `json:"source"`
	SourceBytes string   `json:"source_bytes,omitempty"`
	Target      string   `json:"target"`
	TargetBytes string   `json:"target_bytes,omitempty"`
	Action      string   `json:"action"` // create, replace, keep or leave
	Differs     []string `json:"differs"`
	Commit      string   `json:"commit"`
	Since       string   `json:"since"`
	Mtime       string   `json:"mtime"`
	Still       []string `json:"still_differs,omitempty"`
	Notes       []string `json:"notes,omitempty"`
	Error       string   `json:"error,omitempty"`
}

// PlanJSON is the document of a restore, or of a dry run.
func PlanJSON(p *restore.Plan, dryRun bool) PlanDocument {
	doc := PlanDocument{DryRun: dryRun, Files: []StepDocument{}, Cleared: pathsJSON(p.Cleared()), Extra: pathsJSON(p.Extra),
		Limited: PlanLimit(p), Failed: PlanCounts(p).Failed}
	for i := range p.Steps {
		s := &p.Steps[i]
		f := StepDocument{Source: s.Source, SourceBytes: rawBytes(s.Source), Target: s.Target, TargetBytes: rawBytes(s.Target), Action: string(s.Action), Differs: OrEmpty(s.Differs),
			Commit: s.Commit.String(), Since: record.FormatTime(s.Since), Mtime: record.FormatTime(s.Mtime), Still: s.StillDiffers, Notes: s.Notes}
		if s.Err != nil {
			f.Error = withoutPath(s.Err, s.Target)
		}
		doc.Files = append(doc.Files, f)
	}
	return doc
}

// PlanLines are the lines of a restore, one for each file that was changed or left, or would be. Of
// the files that were up to date, it names those with a note; a verbose list names all.
func PlanLines(p *restore.Plan, dryRun, verbose bool, zone *time.Location) []string {
	words, removed := actionWords(dryRun), "removed"
	if dryRun {
		removed = "would remove"
	}
	var lines []string
	for _, path := range p.Cleared() {
		lines = append(lines, removed+" "+terminal.Quote(path)+", in the place of a folder")
	}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Err == nil && (s.Action != restore.Keep || verbose || len(s.Notes) > 0) {
			lines = append(lines, stepLine(s, words[s.Action], zone))
		}
	}
	for _, path := range p.Extra {
		lines = append(lines, "left alone, was not there then: "+terminal.Quote(path))
	}
	return lines
}

func stepLine(s *restore.Step, verb string, zone *time.Location) string {
	text := verb + " " + terminal.Quote(s.Target)
	if len(s.Differs) > 0 && s.Action == restore.Replace {
		text += " (" + strings.Join(s.Differs, ", ") + ")"
	}
	if s.Action != restore.Keep && s.Action != restore.Leave {
		text += "  " + VersionText(s.Commit, s.Since, zone)
	}
	for _, note := range s.Notes {
		text += "; " + note
	}
	return text
}

// PlanErrors are the lines about files that were not restored, or that differ from their version
// still.
func PlanErrors(p *restore.Plan) []string {
	var lines []string
	interrupted := 0
	for i := range p.Steps {
		switch s := &p.Steps[i]; {
		case errors.Is(s.Err, restore.ErrInterrupted):
			interrupted++
		case s.Err != nil:
			lines = append(lines, terminal.Quote(s.Target)+": "+withoutPath(s.Err, s.Target))
		case len(s.StillDiffers) > 0:
			lines = append(lines, terminal.Quote(s.Target)+": was written, but differs from its version in "+strings.Join(s.StillDiffers, ", "))
		}
	}
	if interrupted > 0 {
		lines = append(lines, Count(interrupted, "file")+" not restored: interrupted before")
	}
	return lines
}

// PlanLimit is a line about the files that do not become as they were recorded, since others could
// have written the history; "" for none.
func PlanLimit(p *restore.Plan) string {
	n := 0
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Limited && s.Err == nil {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("others could have written what is restored, since %s: %s given to %d:%d, without setuid and setgid",
		FirstLine(p.Limit.Why), Count(n, "file"), p.Limit.Owner.UID, p.Limit.Owner.GID)
}

// withoutPath is the cause of an error in one line, without the path, which the caller prints.
func withoutPath(err error, path string) string {
	return strings.TrimPrefix(FirstLine(errors.New(durable.Reason(err))), path+": ")
}

// PlanCount is the number of files for each action of a restore.
type PlanCount struct {
	byAction map[restore.Action]int // of the steps that did not fail
	Failed   int
	Differ   int // files that were written and differ from their version still
}

// PlanCounts counts the steps of a restore.
func PlanCounts(p *restore.Plan) PlanCount {
	n := PlanCount{byAction: map[restore.Action]int{}}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Err != nil {
			n.Failed++
			continue
		}
		n.byAction[s.Action]++
		if len(s.StillDiffers) > 0 {
			n.Differ++
		}
	}
	return n
}

// Kept is the number of files that were up to date if the restore had nothing else to do; else 0.
func (n PlanCount) Kept() int {
	if n.byAction[restore.Create]+n.byAction[restore.Replace]+n.Failed > 0 {
		return 0
	}
	return n.byAction[restore.Keep]
}

// Summary is the counts in one line.
func (n PlanCount) Summary(dryRun bool) string {
	var parts []string
	for _, action := range []restore.Action{restore.Create, restore.Replace, restore.Leave} {
		if n.byAction[action] > 0 {
			parts = append(parts, actionWords(dryRun)[action]+" "+Count(n.byAction[action], "file"))
		}
	}
	if n.byAction[restore.Keep] > 0 {
		parts = append(parts, Count(n.byAction[restore.Keep], "file")+" as then")
	}
	if n.Differ > 0 {
		parts = append(parts, Count(n.Differ, "file")+" not as recorded")
	}
	if n.Failed > 0 {
		parts = append(parts, Count(n.Failed, "file")+" not restored")
	}
	return strings.Join(parts, ", ")
}
