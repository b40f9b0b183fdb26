package main

import (
	"errors"
	"strings"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/record"
)

// The words for what a step will do, and for what it did.
var (
	actionsAhead = map[repo.Action]string{repo.Create: "would create", repo.Replace: "would replace", repo.Keep: "is as it was", repo.Leave: "would leave"}
	actionsDone  = map[repo.Action]string{repo.Create: "created", repo.Replace: "replaced", repo.Keep: "is as it was", repo.Leave: "left"}
)

// actionWords chooses between the two.
func actionWords(dryRun bool) map[repo.Action]string {
	if dryRun {
		return actionsAhead
	}
	return actionsDone
}

// restoreDoc is what restore --json prints; docs/json.md explains it.
type restoreDoc struct {
	DryRun  bool      `json:"dry_run"`
	Files   []stepDoc `json:"files"`
	Cleared []pathDoc `json:"cleared"`
	Extra   []pathDoc `json:"extra"`
	Failed  int       `json:"failed"`
}

type stepDoc struct {
	Source      string   `json:"source"`
	SourceBytes string   `json:"source_bytes,omitempty"`
	Target      string   `json:"target"`
	TargetBytes string   `json:"target_bytes,omitempty"`
	Action      string   `json:"action"` // create, replace, keep or leave
	Differs     []string `json:"differs"`
	Commit      string   `json:"commit"`
	Mtime       string   `json:"mtime"`
	Notes       []string `json:"notes,omitempty"`
	Error       string   `json:"error,omitempty"`
}

// planJSON is the document of a restore, carried out or not.
func planJSON(p *repo.Plan, dryRun bool) restoreDoc {
	doc := restoreDoc{DryRun: dryRun, Files: []stepDoc{}, Cleared: pathsJSON(p.Cleared()), Extra: pathsJSON(p.Extra), Failed: planCounts(p).failed}
	for i := range p.Steps {
		s := &p.Steps[i]
		f := stepDoc{Source: s.Source, SourceBytes: rawBytes(s.Source), Target: s.Target, TargetBytes: rawBytes(s.Target), Action: string(s.Action), Differs: orEmpty(s.Differs),
			Commit: s.Commit.String(), Mtime: record.FormatTime(s.Mtime), Notes: s.Notes}
		if s.Err != nil {
			f.Error = withoutPath(s.Err, s.Target)
		}
		doc.Files = append(doc.Files, f)
	}
	return doc
}

// planLines are the lines of a restore, one a file. Files that are kept have one where verbose.
func planLines(p *repo.Plan, dryRun, verbose bool, zone *time.Location) []string {
	words, removed := actionWords(dryRun), "removed"
	if dryRun {
		removed = "would remove"
	}
	var lines []string
	for _, path := range p.Cleared() {
		lines = append(lines, removed+" "+quote(path)+", in the place of a folder")
	}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Err == nil && (s.Action != repo.Keep || verbose) {
			lines = append(lines, stepLine(s, words[s.Action], zone))
		}
	}
	for _, path := range p.Extra {
		lines = append(lines, "left alone, was not there then: "+quote(path))
	}
	return lines
}

func stepLine(s *repo.Step, verb string, zone *time.Location) string {
	text := verb + " " + quote(s.Target)
	if len(s.Differs) > 0 && s.Action == repo.Replace {
		text += " (" + strings.Join(s.Differs, ", ") + ")"
	}
	if s.Action != repo.Keep && s.Action != repo.Leave {
		text += "  as of " + localTime(s.Mtime, zone) + ", " + s.Commit.Short()
	}
	for _, note := range s.Notes {
		text += "; " + note
	}
	return text
}

// planErrors are the lines that name what was not restored.
func planErrors(p *repo.Plan) []string {
	var lines []string
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Err != nil {
			lines = append(lines, quote(s.Target)+": "+withoutPath(s.Err, s.Target))
		}
	}
	return lines
}

// withoutPath is a cause in one line, without the path that stands before it already.
func withoutPath(err error, path string) string {
	return strings.TrimPrefix(firstLine(errors.New(durable.Reason(err))), path+": ")
}

// planCount is how many files a restore treats in which way.
type planCount struct {
	byAction map[repo.Action]int // of the steps that did not fail
	failed   int
}

// planCounts counts the steps of a restore.
func planCounts(p *repo.Plan) planCount {
	n := planCount{byAction: map[repo.Action]int{}}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Err != nil {
			n.failed++
		} else {
			n.byAction[s.Action]++
		}
	}
	return n
}

// kept is how many files are as they were then, where nothing else was to be done; 0 otherwise.
func (n planCount) kept() int {
	if n.byAction[repo.Create]+n.byAction[repo.Replace]+n.failed > 0 {
		return 0
	}
	return n.byAction[repo.Keep]
}

// summary is the count in one line.
func (n planCount) summary(dryRun bool) string {
	var parts []string
	for _, action := range []repo.Action{repo.Create, repo.Replace, repo.Leave} {
		if n.byAction[action] > 0 {
			parts = append(parts, actionWords(dryRun)[action]+" "+count(n.byAction[action], "file"))
		}
	}
	if n.byAction[repo.Keep] > 0 {
		parts = append(parts, count(n.byAction[repo.Keep], "file")+" as then")
	}
	if n.failed > 0 {
		parts = append(parts, count(n.failed, "file")+" not restored")
	}
	return strings.Join(parts, ", ")
}
