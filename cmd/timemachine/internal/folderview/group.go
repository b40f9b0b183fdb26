package folderview

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/repo/restore"
)

// mostGroups is how many lines about folders a plan has, if folders further up can stand for more.
const mostGroups = 40

// groupKey is what the lines of a long plan are about: an action in a folder.
type groupKey struct {
	folder string
	action restore.Action
	extra  bool // of restore.Leave: what was not there then
}

// group counts the steps of a key.
type group struct {
	files, folders int
	itself         bool // the folder of the key is one of the folders
	below          bool // some lie in folders below that of the key
	differs        []string
	only           string // the line of the only step
}

// groupLines are the lines of a long plan, one for each action in a folder. Where these are too
// many, folders further up stand for what is in them and below.
func groupLines(extra []string, steps []*restore.Step, o PlanText) []string {
	depth := 0
	for _, s := range steps {
		depth = max(depth, strings.Count(s.Target, "/"))
	}
	for _, at := range extra {
		depth = max(depth, strings.Count(at, "/"))
	}
	groups := groupAt(extra, steps, o, depth)
	for ; depth > 1 && len(groups) > mostGroups; depth-- {
		groups = groupAt(extra, steps, o, depth-1)
	}
	var lines []string
	for _, key := range slices.SortedFunc(maps.Keys(groups), func(a, b groupKey) int {
		return cmp.Or(strings.Compare(a.folder, b.folder), strings.Compare(string(a.action), string(b.action)), compareFalseFirst(a.extra, b.extra))
	}) {
		lines = append(lines, groups[key].line(key, o))
	}
	for _, note := range noteLines(steps) {
		lines = append(lines, o.Fill(note))
	}
	return lines
}

func compareFalseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// groupAt groups by folders that have at most so many slashes in their path.
func groupAt(extra []string, steps []*restore.Step, o PlanText, depth int) map[groupKey]*group {
	groups := map[groupKey]*group{}
	find := func(folder string, action restore.Action, extra bool) *group {
		key := groupKey{folder: topFolder(folder, depth), action: action, extra: extra}
		g := groups[key]
		if g == nil {
			g = &group{}
			groups[key] = g
		}
		g.below = g.below || key.folder != folder
		return g
	}
	for _, s := range steps {
		if s.Action == restore.Keep {
			continue
		}
		if s.Folder {
			g := find(s.Target, deed(s), false)
			g.folders++
			g.itself = g.itself || s.Target == topFolder(s.Target, depth)
			g.add(differs(s), o.stepLine(s))
			continue
		}
		g := find(path.Dir(s.Target), deed(s), false)
		g.files++
		g.add(differs(s), o.stepLine(s))
	}
	for _, at := range extra {
		g := find(path.Dir(at), restore.Leave, true)
		g.files++
		g.add(nil, o.extraLine(at))
	}
	return groups
}

// topFolder is the folder that stands for a folder: one of at most so many slashes.
func topFolder(folder string, depth int) string {
	for i := range len(folder) {
		if folder[i] != '/' {
			continue
		}
		if depth--; depth < 0 {
			return folder[:i]
		}
	}
	return folder
}

func (g *group) add(differs []string, line string) {
	if g.only = line; g.files+g.folders > 1 {
		g.only = ""
	}
	for _, what := range differs {
		if !slices.Contains(g.differs, what) {
			g.differs = append(g.differs, what)
		}
	}
}

// line is the line about a group.
func (g *group) line(key groupKey, o PlanText) string {
	if g.only != "" {
		return g.only
	}
	before, after := o.verb(key.action)+" ", ""
	switch {
	case g.itself:
		before, after = before+"folder ", " and "+render.CountBoth(g.files, g.folders-1)+" in it"
	case g.below:
		before += render.CountBoth(g.files, g.folders) + " below "
	default:
		before += render.CountBoth(g.files, g.folders) + " in "
	}
	if key.extra {
		after += ", which were not there then"
	} else if len(g.differs) > 0 && (key.action == restore.Replace || key.action == restore.Adjust) {
		after += " (" + strings.Join(g.differs, ", ") + ")"
	}
	return o.fit(before, key.folder, after, nil)
}

// noteLines are the notes on the steps of a long plan, each once.
func noteLines(steps []*restore.Step) []string {
	counts := map[string][2]int{}
	for _, s := range steps {
		for _, note := range s.Notes {
			n := counts[note]
			if s.Folder {
				n[1]++
			} else {
				n[0]++
			}
			counts[note] = n
		}
	}
	var lines []string
	for _, note := range slices.Sorted(maps.Keys(counts)) {
		lines = append(lines, render.CountBoth(counts[note][0], counts[note][1])+": "+note)
	}
	return lines
}
