package folderview

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/restore"
)

// PlanText says how the lines of a plan are written.
type PlanText struct {
	DryRun  bool // the words are of what would be done
	Verbose bool // a line for each file, also for those that are as they were
	Zone    *time.Location
	Columns int // of the terminal, to which the lines are cut; 0: of any length
	// the folder to which everything is restored; "": to its own path
	To   string
	base string // paths below it are told from there; "": whole
}

// mostLines is how many lines of a plan are about single files. Of a plan with more, a line is
// about all files in a folder.
const mostLines = 20

// verb is the word for an action, before or after it is done.
func (o *PlanText) verb(action restore.Action) string {
	words := map[restore.Action][2]string{
		restore.Create:  {"would create", "created"},
		restore.Replace: {"would replace", "replaced"},
		restore.Adjust:  {"would change", "changed"},
		restore.Remove:  {"would remove", "removed"},
		restore.Leave:   {"would keep", "kept"},
		restore.Keep:    {"unchanged", "unchanged"},
	}[action]
	if o.DryRun {
		return words[0]
	}
	return words[1]
}

// PlanLines are the lines of a restore: what was done, or would be, and what stays of what was not
// there then. A short plan has a line for each file, a long one for each folder: grouped tells
// which. Where the terminal would cut the folder out to which everything goes, that stands above.
func PlanLines(p *restore.Plan, o PlanText) (lines []string, grouped bool) {
	lines, grouped = planLines(p, o)
	isCut := func(line string) bool { return strings.Contains(line, terminal.Ellipsis()) }
	if o.To == "" || o.Columns == 0 || !slices.ContainsFunc(lines, isCut) {
		return lines, grouped
	}
	o.base = o.To
	lines, grouped = planLines(p, o)
	return slices.Insert(lines, 0, o.Fill("in "+terminal.Quote(o.To)+":")), grouped
}

func planLines(p *restore.Plan, o PlanText) (lines []string, grouped bool) {
	for _, path := range onlyCleared(p) {
		lines = append(lines, o.fit(o.verb(restore.Remove)+" ", path, ", in the place of a folder", nil))
	}
	var told []*restore.Step
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Err == nil && (s.Action != restore.Keep || o.Verbose || len(s.Notes) > 0) {
			told = append(told, s)
		}
	}
	if grouped = len(told)+len(p.Extra)+len(p.ExtraFolders) > mostLines && !o.Verbose; grouped {
		lines = append(lines, groupLines(p.Extra, told, o)...)
		return append(lines, o.extraFolders(p.ExtraFolders, mostGroups)...), true
	}
	for _, s := range told {
		lines = append(append(lines, o.stepLine(s)), o.waiting(p, s)...)
	}
	for _, path := range p.Extra {
		lines = append(lines, o.extraLine(path))
	}
	return append(lines, o.extraFolders(p.ExtraFolders, len(p.ExtraFolders))...), false
}

// waiting is a line about what is decided only when the restore has opened a folder or a file.
func (o *PlanText) waiting(p *restore.Plan, s *restore.Step) []string {
	if !o.DryRun {
		return nil
	}
	if _, unread := s.ModeBefore(); unread {
		return []string{o.indent("it is closed to you: what else differs shows when the restore has opened it")}
	}
	files, folders := 0, 0
	for i := range p.Steps {
		switch in := &p.Steps[i]; {
		case in.ClosedIn != s.Target || in.Target == s.Target:
		case in.Folder:
			folders++
		default:
			files++
		}
	}
	if files+folders == 0 {
		return nil
	}
	return []string{o.indent("it is closed to you: the restore opens it, and then decides about " + render.CountBoth(files, folders) + " in it")}
}

func (o *PlanText) extraLine(path string) string {
	return o.fit(o.verb(restore.Leave)+" ", path, ", which was not there then", nil)
}

// extraFolders are the lines about folders that stay, or one about all where they are too many.
func (o *PlanText) extraFolders(paths []string, most int) (lines []string) {
	if len(paths) > most {
		return []string{fmt.Sprintf("%s %d folders that were not there then, such as %s", o.verb(restore.Leave), len(paths), o.name(paths[0]))}
	}
	for _, path := range paths {
		lines = append(lines, o.verb(restore.Leave)+" folder "+o.name(path)+", which was not there then")
	}
	return lines
}

// name is a path as it is told.
func (o *PlanText) name(path string) string {
	if below, ok := strings.CutPrefix(path, strings.TrimSuffix(o.base, "/")+"/"); ok && o.base != "" {
		path = below
	}
	return terminal.Quote(path)
}

func (o *PlanText) stepLine(s *restore.Step) string {
	before, text := o.verb(deed(s))+" ", ""
	if s.Folder && s.Action == restore.Replace {
		return o.fit(before, s.Target, " by a folder", nil)
	}
	if s.Folder {
		before += "folder "
	}
	if len(s.Differs) > 0 && (s.Action == restore.Replace || s.Action == restore.Adjust) {
		text += " (" + strings.Join(differs(s), ", ") + ")"
	}
	if !s.Folder && slices.Contains([]restore.Action{restore.Create, restore.Replace, restore.Adjust}, s.Action) {
		if o.Columns > 0 {
			text += "  " + s.Commit.Short() + " of " + render.Minute(s.Since, o.Zone)
		} else {
			text += "  " + render.VersionText(s.Commit, s.Since, o.Zone)
		}
	}
	return o.fit(before, s.Target, text, s.Notes)
}

// differs are the words for what a step changes.
func differs(s *restore.Step) []string {
	list := slices.Clone(s.Differs)
	if i := slices.Index(list, "content"); i >= 0 && s.Unexamined {
		list[i] = "perhaps content"
	}
	return list
}

// shortestPath is to how many columns a path is cut at most.
const shortestPath = 20

// fit is a line with a path in it. On a terminal the path is cut; what follows it stands on lines
// of its own where there is too little left, and so do the notes.
func (o *PlanText) fit(before, path, after string, notes []string) string {
	path = o.name(path)
	if o.Columns == 0 {
		return strings.Join(append([]string{before + path + after}, notes...), "; ")
	}
	left := o.Columns - terminal.Columns(before)
	text := ""
	if rest := left - terminal.Columns(after); rest >= min(shortestPath, terminal.Columns(path)) {
		text = before + terminal.CutMiddle(path, rest) + after
	} else {
		text = before + terminal.CutMiddle(path, left) + "\n" + o.indent(strings.TrimLeft(after, ", "))
	}
	for _, note := range notes {
		text += "\n" + o.indent(note)
	}
	return text
}

// Fill fills a sentence into lines of the terminal.
func (o *PlanText) Fill(text string) string {
	if o.Columns == 0 || terminal.Columns(text) <= o.Columns {
		return text
	}
	first, rest, _ := strings.Cut(terminal.Wrap(text, o.Columns), "\n")
	return terminal.CutMiddle(first, o.Columns) + "\n" + o.indent(rest)
}

// indent fills a text into lines that are indented.
func (o *PlanText) indent(text string) string {
	const by = "  "
	if o.Columns == 0 {
		return by + text
	}
	width := max(o.Columns-len(by), 1)
	lines := strings.Split(terminal.Wrap(strings.TrimSpace(strings.ReplaceAll(text, "\n", " ")), width), "\n")
	for i := range lines {
		lines[i] = by + terminal.CutMiddle(lines[i], width)
	}
	return strings.Join(lines, "\n")
}

// onlyCleared lists what is removed since it is in the place of a folder, where no step is about
// that folder.
func onlyCleared(p *restore.Plan) []string {
	replaced := map[string]bool{}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Folder && s.Action == restore.Replace {
			replaced[s.Target] = true
		}
	}
	return slices.DeleteFunc(p.Cleared(), func(path string) bool { return replaced[path] })
}

// RemovedLines tell what a restore is about to remove because it was not there then; none for
// nothing.
func RemovedLines(p *restore.Plan, verbose bool, zone *time.Location) []string {
	o := PlanText{DryRun: true, Verbose: verbose, Zone: zone}
	var removed []*restore.Step
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Err == nil && s.Action == restore.Remove {
			removed = append(removed, s)
		}
	}
	if len(removed) > mostLines && !verbose {
		return groupLines(nil, removed, o)
	}
	var lines []string
	for _, s := range removed {
		lines = append(lines, o.stepLine(s))
	}
	return lines
}

// PlanErrors are the lines about what was not restored, or differs from its version still. Of many
// with one cause it tells the first ones, unless verbose.
func PlanErrors(p *restore.Plan, verbose bool) []string {
	var lines, causes []string
	told := map[string]int{} // by cause
	tell := func(target, cause string) {
		if told[cause]++; told[cause] == 1 {
			causes = append(causes, cause)
		}
		if verbose || told[cause] <= mostLines {
			lines = append(lines, terminal.Quote(target)+": "+cause)
		}
	}
	interrupted := 0
	for i := range p.Steps {
		switch s := &p.Steps[i]; {
		case errors.Is(s.Err, restore.ErrInterrupted):
			interrupted++
		case s.ClosedIn != "":
		case s.Err != nil:
			tell(s.Target, withoutPath(s.Err, s.Target))
		case len(s.StillDiffers) > 0:
			tell(s.Target, "was written, but differs from its version in "+strings.Join(s.StillDiffers, ", "))
		}
	}
	for _, cause := range causes {
		if more := told[cause] - mostLines; more > 0 && !verbose {
			lines = append(lines, fmt.Sprintf("and %d more (-v shows them): %s", more, cause))
		}
	}
	if interrupted > 0 {
		lines = append(lines, render.Count(interrupted, "file")+" not restored: interrupted before")
	}
	return lines
}

// PlanLimit is a line about what does not become as it was recorded, since others could have
// written the history; "" for nothing.
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
		render.FirstLine(p.Limit.Why), render.Count(n, "file"), p.Limit.Owner.UID, p.Limit.Owner.GID)
}

// withoutPath is the cause of an error in one line, without the path, which the caller prints.
func withoutPath(err error, path string) string {
	return strings.TrimPrefix(render.FirstLine(errors.New(durable.Reason(err))), path+": ")
}

// Truth is what a restore did, or would do, in one line.
func Truth(p *restore.Plan, dryRun bool) string {
	files, folders := Count(p)
	o := PlanText{DryRun: dryRun}
	var done, rest []string
	say := func(action restore.Action, nFiles, nFolders int) {
		if nFiles+nFolders > 0 {
			verb := o.verb(action)
			if len(done) > 0 {
				verb = strings.TrimPrefix(verb, "would ")
			}
			if action == restore.Adjust {
				verb += " only metadata of"
			}
			done = append(done, verb+" "+render.CountBoth(nFiles, nFolders))
		}
	}
	say(restore.Create, files.Created, folders.Created)
	say(restore.Replace, files.Replaced, folders.Replaced)
	say(restore.Adjust, files.Metadata, folders.Metadata)
	say(restore.Remove, files.Removed+len(onlyCleared(p)), folders.Removed)
	if len(done) == 0 {
		done = append(done, "nothing to restore")
		if files.Failed+folders.Failed > 0 {
			done[0] = "nothing restored"
		}
	}
	count := func(what string, nFiles, nFolders int) {
		if nFiles+nFolders > 0 {
			rest = append(rest, render.CountBoth(nFiles, nFolders)+" "+what)
		}
	}
	count("unchanged", files.Unchanged, folders.Unchanged)
	count("kept", files.Kept+len(p.Extra), folders.Kept+len(p.ExtraFolders))
	count("not as recorded", files.Differ, folders.Differ)
	count("in closed folders, decided when they are open", files.Waiting, folders.Waiting)
	if dryRun {
		count("cannot be restored", files.Failed, folders.Failed)
	} else {
		count("failed", files.Failed, folders.Failed)
	}
	if len(rest) == 0 {
		return strings.Join(done, ", ")
	}
	return strings.Join(done, ", ") + "; " + strings.Join(rest, ", ")
}
