package main

import (
	"errors"
	"strings"

	"timemachine/repo"
	"timemachine/repo/record"
)

// doing and didWords say what a step does, before and after.
var (
	doing = map[repo.Action]string{repo.Create: "would create", repo.Replace: "would replace", repo.Keep: "is as it was", repo.Leave: "would leave"}
	did   = map[repo.Action]string{repo.Create: "created", repo.Replace: "replaced", repo.Keep: "is as it was", repo.Leave: "left"}
)

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

// tell prints what was done, or would be, and names what was not.
func (d *restored) tell(p *repo.Plan) error {
	failed := 0
	for i := range p.Steps {
		if p.Steps[i].Err != nil {
			failed++
		}
	}
	var err error
	if d.app.flags.json {
		err = d.app.printJSON(d.document(p, failed))
	} else {
		err = d.text(p, failed)
	}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Err != nil {
			d.app.console.Error(quote(s.Target) + ": " + withoutPath(s.Err, s.Target))
		}
	}
	return errors.Join(err, partial(failed))
}

// withoutPath is a cause in one line, without the path that stands before it already.
func withoutPath(err error, path string) string {
	return strings.TrimPrefix(firstLine(errors.New(cause(err))), path+": ")
}

func (d *restored) document(p *repo.Plan, failed int) restoreDoc {
	doc := restoreDoc{DryRun: d.o.dryRun, Files: []stepDoc{}, Cleared: pathsJSON(p.Cleared()), Extra: pathsJSON(p.Extra), Failed: failed}
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

func (d *restored) text(p *repo.Plan, failed int) error {
	words, removed := did, "removed"
	if d.o.dryRun {
		words, removed = doing, "would remove"
	}
	var lines []string
	for _, path := range p.Cleared() {
		lines = append(lines, removed+" "+quote(path)+", in the place of a folder")
	}
	n := map[repo.Action]int{}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Err != nil {
			continue
		}
		n[s.Action]++
		if s.Action != repo.Keep || d.app.flags.verbose {
			lines = append(lines, d.line(s, words[s.Action]))
		}
	}
	for _, path := range p.Extra {
		lines = append(lines, "left alone, was not there then: "+quote(path))
	}
	if len(lines) > 0 && !d.app.flags.quiet {
		if err := d.app.print(strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	if n[repo.Create]+n[repo.Replace]+failed == 0 && n[repo.Keep] > 0 {
		d.app.console.announce(count(n[repo.Keep], "file") + " as then: nothing to restore")
		if d.o.at == "" {
			d.app.console.hint("--at WHEN brings back an older state than the newest; timemachine log shows them")
		}
		return nil
	}
	d.app.console.notice(summary(n, words, failed))
	return nil
}

// summary counts the steps in one line.
func summary(n map[repo.Action]int, words map[repo.Action]string, failed int) string {
	var parts []string
	for _, action := range []repo.Action{repo.Create, repo.Replace, repo.Leave} {
		if n[action] > 0 {
			parts = append(parts, words[action]+" "+count(n[action], "file"))
		}
	}
	if n[repo.Keep] > 0 {
		parts = append(parts, count(n[repo.Keep], "file")+" as then")
	}
	if failed > 0 {
		parts = append(parts, count(failed, "file")+" not restored")
	}
	return strings.Join(parts, ", ")
}

func (d *restored) line(s *repo.Step, verb string) string {
	text := verb + " " + quote(s.Target)
	if len(s.Differs) > 0 && s.Action == repo.Replace {
		text += " (" + strings.Join(s.Differs, ", ") + ")"
	}
	if s.Action != repo.Keep && s.Action != repo.Leave {
		text += "  as of " + d.app.localTime(s.Mtime) + ", " + s.Commit.Short()
	}
	for _, note := range s.Notes {
		text += "; " + note
	}
	return text
}
