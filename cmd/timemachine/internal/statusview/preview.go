package statusview

import (
	"fmt"
	"strings"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/record"
	"timemachine/watch/preview"
	"timemachine/watch/scan"
)

// addPreview adds what a run would do now.
func (s *Status) addPreview(p *page, v View) {
	var sure, unsure []preview.Expected
	for _, e := range s.Preview.Changes {
		if e.Maybe {
			unsure = append(unsure, e)
		} else {
			sure = append(sure, e)
		}
	}
	if s.Branch == "" {
		p.row("first run", s.wouldAdd(sure))
	} else if s.Entries > 0 {
		p.row("a run now", wouldDo(len(sure), len(unsure)+s.Preview.Rechecked))
	}
	if s.Branch != "" || len(sure) <= v.limit() {
		addChanges(p, sure, v.limit())
	}
	if len(unsure) > 0 {
		p.plain("perhaps changed:")
		addChanges(p, unsure, v.limit())
	}
	s.addProblems(p, "would be left out:", s.Preview.Failing, v.limit())
	s.addProblems(p, "deletions held back:", s.Preview.Held, v.limit())
	if len(s.Preview.Missing) > 0 {
		p.plain("listed, and missing:")
		for _, path := range upTo(s.Preview.Missing, v.limit()) {
			p.item("", 0, terminal.Quote(path))
		}
		addMore(p, len(s.Preview.Missing), v.limit())
	}
}

// wouldAdd says what the first run would record.
func (s *Status) wouldAdd(changes []preview.Expected) string {
	folders := 0
	for i := range changes {
		if changes[i].Folder {
			folders++
		}
	}
	if len(changes) == 0 {
		return "would record nothing"
	}
	return "would record " + render.CountBoth(len(changes)-folders, folders)
}

// wouldDo says what a run would do: how many versions it would record for sure, and how many files
// it would read first.
func wouldDo(sure, again int) string {
	read := ""
	if again > 0 {
		read = "read " + render.Count(again, "file") + " to see whether " + plural(again, "it has", "they have") + " changed"
	}
	switch {
	case sure == 0 && again == 0:
		return "would record nothing: nothing has changed"
	case sure == 0:
		return "would " + read + "; nothing else has changed"
	case again == 0:
		return "would record " + render.Count(sure, "version")
	}
	return "would record " + render.Count(sure, "version") + ", and " + read
}

func plural(n int, one, several string) string {
	if n == 1 {
		return one
	}
	return several
}

// addChanges adds a list of changes in two columns.
func addChanges(p *page, changes []preview.Expected, limit int) {
	columns := len(record.Modified)
	for _, e := range upTo(changes, limit) {
		columns = max(columns, len(eventWords(e.Events)))
	}
	for _, e := range upTo(changes, limit) {
		p.item(eventWords(e.Events), columns, terminal.Quote(e.Source))
	}
	addMore(p, len(changes), limit)
}

func eventWords(events []record.Event) string {
	words := make([]string, len(events))
	for i, e := range events {
		words[i] = string(e)
	}
	return strings.Join(words, " or ")
}

// addProblems adds a list of problems with what to do about each.
func (s *Status) addProblems(p *page, title string, problems []scan.Problem, limit int) {
	if len(problems) == 0 {
		return
	}
	p.plain(title)
	for _, problem := range upTo(problems, limit) {
		p.hang("  ", render.ProblemText(problem), 4)
		if hint := s.Hints(problem.Remedy); hint != "" {
			p.plain("    " + terminal.Escape(hint))
		}
	}
	addMore(p, len(problems), limit)
}

// upTo is the beginning of a list.
func upTo[T any](list []T, limit int) []T { return list[:min(len(list), limit)] }

// addMore says how many there are beyond a limit.
func addMore(p *page, n, limit int) {
	if n > limit {
		p.plain(fmt.Sprintf("  %s and %d more (-v shows them)", terminal.Ellipsis(), n-limit))
	}
}
