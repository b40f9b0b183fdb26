package folderview

import (
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/repo/record"
	"timemachine/repo/restore"
)

// PlanDocument is what restore --json prints; docs/json.md explains it.
type PlanDocument struct {
	DryRun       bool                  `json:"dry_run"`
	Files        []StepDocument        `json:"files"`
	Parents      []StepDocument        `json:"parents,omitempty"`
	Cleared      []render.PathDocument `json:"cleared"`
	Extra        []render.PathDocument `json:"extra"`
	ExtraFolders []render.PathDocument `json:"extra_folders"`
	Limited      string                `json:"limited,omitempty"`
	Notes        []string              `json:"notes,omitempty"`
	Counts       CountsDocument        `json:"counts"`
	Failed       int                   `json:"failed"`
	Offered      []render.PathDocument `json:"deleted_below,omitempty"`
	Before       []RunsBefore          `json:"runs_before,omitempty"`
}

// RunsBefore is what runs did below a folder shortly before those that are undone.
type RunsBefore struct {
	render.PathDocument
	Runs    int    `json:"runs"`
	Changed int    `json:"changed"` // sources that they changed or deleted
	First   string `json:"first"`
	At      string `json:"at"` // the state before all of them, for --at
}

// CountsDocument counts files, links and folders together.
type CountsDocument struct {
	Created   int `json:"created"`
	Replaced  int `json:"replaced"`
	Metadata  int `json:"metadata"`
	Unchanged int `json:"unchanged"`
	Kept      int `json:"kept"`
	Removed   int `json:"removed"`
	Failed    int `json:"failed"`
	Waiting   int `json:"waiting,omitempty"`
}

// StepDocument is a file, link or folder of a restore.
type StepDocument struct {
	Source      string   `json:"source"`
	SourceBytes string   `json:"source_bytes,omitempty"`
	Type        string   `json:"type"`
	Target      string   `json:"target"`
	TargetBytes string   `json:"target_bytes,omitempty"`
	Action      string   `json:"action"` // create, replace, adjust, keep, leave or remove
	Differs     []string `json:"differs"`
	Commit      string   `json:"commit,omitempty"`
	Since       string   `json:"since,omitempty"`
	Mtime       string   `json:"mtime,omitempty"`
	Still       []string `json:"still_differs,omitempty"`
	Notes       []string `json:"notes,omitempty"`
	Waits       bool     `json:"waits,omitempty"`
	Error       string   `json:"error,omitempty"`
}

// PlanJSON is the document of a restore, or of a dry run. Offered are the files that were deleted
// below, and that it does not bring back.
func PlanJSON(p *restore.Plan, dryRun bool, offered []string) PlanDocument {
	files, folders := Count(p)
	doc := PlanDocument{DryRun: dryRun, Files: stepsJSON(p.Steps), Parents: stepsJSON(p.Parents),
		Cleared: render.PathsJSON(p.Cleared()), Extra: render.PathsJSON(p.Extra), ExtraFolders: render.PathsJSON(p.ExtraFolders), Limited: PlanLimit(p), Notes: p.Notes,
		Counts: CountsDocument{
			Created: files.Created + folders.Created, Replaced: files.Replaced + folders.Replaced,
			Metadata: files.Metadata + folders.Metadata, Unchanged: files.Unchanged + folders.Unchanged,
			Kept: files.Kept + folders.Kept + len(p.Extra) + len(p.ExtraFolders), Removed: files.Removed + folders.Removed + len(onlyCleared(p)),
			Failed: files.Failed + folders.Failed, Waiting: files.Waiting + folders.Waiting,
		},
		Failed: files.Failed + folders.Failed, Offered: render.PathsJSON(offered)}
	return doc
}

func stepsJSON(steps []restore.Step) []StepDocument {
	docs := []StepDocument{}
	for i := range steps {
		s := &steps[i]
		doc := StepDocument{Source: s.Source, SourceBytes: render.RawBytes(s.Source), Type: render.TypeText(s.Link, s.Folder), Target: s.Target, TargetBytes: render.RawBytes(s.Target),
			Action: string(deed(s)), Differs: render.OrEmpty(s.Differs), Still: s.StillDiffers, Notes: s.Notes}
		if !s.Commit.IsZero() {
			doc.Commit, doc.Since = s.Commit.String(), record.FormatTime(s.Since)
			if s.HasContent() {
				doc.Mtime = record.FormatTime(s.Mtime)
			}
		}
		if doc.Waits = s.ClosedIn != ""; s.Err != nil && !doc.Waits {
			doc.Error = withoutPath(s.Err, s.Target)
		}
		docs = append(docs, doc)
	}
	return docs
}
