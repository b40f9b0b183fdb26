package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/watch"
	"timemachine/watch/scan"
)

// RunDocument is what run --json prints. Lists are never null.
type RunDocument struct {
	Scan        string            `json:"scan"`
	Destination string            `json:"destination"`
	Busy        bool              `json:"busy,omitempty"` // another run was active: nothing done
	Added       []string          `json:"added,omitempty"`
	Already     []string          `json:"already,omitempty"`
	Versions    []VersionDocument `json:"versions"`
	Problems    []ProblemDocument `json:"problems"`
	Events      map[string]int    `json:"events"`
	Sources     int               `json:"sources"`
	ElapsedMS   int64             `json:"elapsed_ms"`
	Tip         string            `json:"tip"`
}

// EmptyRun is the document of a run that scanned nothing.
func EmptyRun(dest string) RunDocument {
	return RunDocument{Destination: dest, Versions: []VersionDocument{}, Problems: []ProblemDocument{}, Events: map[string]int{}}
}

// RunJSON is the document of a run with the versions that it committed and its problems. say gives
// the words of their remedies.
func RunJSON(dest string, s *watch.Summary, versions []record.Version, problems []scan.Problem, say Hints) RunDocument {
	d := EmptyRun(dest)
	d.Scan, d.Sources, d.ElapsedMS, d.Tip = s.Scan, s.Sources, s.Elapsed.Milliseconds(), IDText(s.Tip)
	for event, n := range s.Events {
		d.Events[string(event)] = n
	}
	for _, v := range versions {
		d.Versions = append(d.Versions, versionJSON(v))
	}
	d.Problems = ProblemsJSON(problems, say)
	return d
}

// VersionsOf says how many versions there are of how many files and folders.
func VersionsOf(versions, files, folders int) string {
	var of []string
	if files > 0 {
		of = append(of, Count(files, "file"))
	}
	if folders > 0 {
		of = append(of, Count(folders, "folder"))
	}
	return Count(versions, "version") + " of " + strings.Join(of, " and ")
}

// RunSummary is a run in one line. files and folders are those with a new version; a single one is
// named. So many of each were renamed, and are told as such: each was added, and deleted under its
// old name.
func RunSummary(s *watch.Summary, files, folders []string, renamedFiles, renamedFolders int) string {
	text := "nothing changed"
	if s.Versions > 0 {
		renamed := min(renamedFiles+renamedFolders, s.Events[record.Added], s.Events[record.Deleted])
		of := VersionsOf(s.Versions, max(0, len(files)-renamedFiles), max(0, len(folders)-renamedFolders))
		if single := append(files, folders...); len(single) == 1 {
			of = Count(s.Versions, "version") + " of " + terminal.Quote(single[0])
		}
		text = fmt.Sprintf("%s (%s) in %s", of, events(s, renamed), brief(s.Elapsed))
	}
	if s.Problems > 0 {
		text += "; " + Count(s.Problems, "problem")
	}
	return text
}

// events lists the number of versions for each kind of event, in alphabetical order; of files that
// were renamed, the number of files.
func events(s *watch.Summary, renamed int) string {
	counts := maps.Clone(s.Events)
	if renamed > 0 {
		counts[record.Added] -= renamed
		counts[record.Deleted] -= renamed
		counts["renamed"] = renamed
	}
	var parts []string
	for _, e := range slices.Sorted(maps.Keys(counts)) {
		if counts[e] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[e], e))
		}
	}
	return strings.Join(parts, ", ")
}

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

func ProblemsJSON(problems []scan.Problem, say Hints) []ProblemDocument {
	list := []ProblemDocument{}
	for _, p := range problems {
		list = append(list, ProblemDocument{Path: p.Path, PathBytes: RawBytes(p.Path), Message: ProblemText(p), Hint: say(p.Remedy), Warning: p.Warning})
	}
	return list
}
