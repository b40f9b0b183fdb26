package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/statusview"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/scan"
)

// checkSources finds what a run leaves out though it is watched: what cannot be read, is too large,
// or takes too long.
func checkSources(p *Patient) []Finding {
	if p.Preview == nil {
		return nil
	}
	largest := p.largestFailing()
	return p.problems(p.Preview.Failing, func(problem *scan.Problem) string {
		if problem.Path == "" {
			return ""
		}
		return p.withoutOrElse(problem, largest)
	})
}

// withoutOrElse says how a source that is left out is recorded, where that is known, and how runs
// go on without it. largest is the size of the largest of them.
func (p *Patient) withoutOrElse(problem *scan.Problem, largest int64) string {
	leaveOut := "leave it out with: " + p.Say.Command("add", hint.ShellWord(config.ExclusionOf(problem.Path)))
	st, err := disk.StatAt(unix.AT_FDCWD, problem.Path, unix.AT_SYMLINK_NOFOLLOW)
	closed := errors.Is(problem.Err, unix.EACCES) || errors.Is(problem.Err, unix.EPERM)
	switch {
	case err == nil && p.isTooLarge(&st):
		return fmt.Sprintf("take it (max-size: %s in %s), or %s", roundedUp(largest), terminal.Quote(p.Configuration), leaveOut)
	case closed && p.User.UID == 0: // as on a file server that trusts no root
		return leaveOut
	case closed && err == nil && int(st.UID) == p.User.UID:
		mode := "u+r"
		if st.IsDir() {
			mode = "u+rx"
		}
		return fmt.Sprintf("open it (%s), or %s", p.Say.System("chmod", mode, hint.ShellWord(problem.Path)), leaveOut)
	case closed:
		return fmt.Sprintf("have root record it (%s), or %s", p.Say.Spelled.Add("sudo "+p.Say.Program+" setup "+hint.ShellWord(problem.Path)), leaveOut)
	}
	return leaveOut
}

// isTooLarge tells whether max-size leaves a file out.
func (p *Patient) isTooLarge(st *disk.Stat) bool {
	return p.Config != nil && p.Config.MaxSize > 0 && st.IsRegular() && st.Size > p.Config.MaxSize
}

// largestFailing is the size of the largest file that max-size leaves out.
func (p *Patient) largestFailing() (largest int64) {
	for i := range p.Preview.Failing {
		st, err := disk.StatAt(unix.AT_FDCWD, p.Preview.Failing[i].Path, unix.AT_SYMLINK_NOFOLLOW)
		if err == nil && p.isTooLarge(&st) {
			largest = max(largest, st.Size)
		}
	}
	return largest
}

// roundedUp is a size for max-size that is at least so many bytes: whole units, and not many.
func roundedUp(n int64) string {
	unit, names := int64(1<<10), "KMGT"
	for n > 10*unit<<10 && len(names) > 1 {
		unit, names = unit<<10, names[1:]
	}
	return fmt.Sprintf("%d%ciB", (n+unit-1)/unit, names[0])
}

// checkDeletions finds deletions that runs hold back until somebody accepts them.
func checkDeletions(p *Patient) []Finding {
	if p.Preview == nil {
		return nil
	}
	return p.problems(p.Preview.Held, func(*scan.Problem) string { return "" })
}

// problems are findings of the problems of a run, a few of them by name. Warnings are none: the run
// does what was asked for. remedy is for problems that have none of their own.
func (p *Patient) problems(all []scan.Problem, remedy func(*scan.Problem) string) (found []Finding) {
	real := slices.DeleteFunc(slices.Clone(all), func(problem scan.Problem) bool { return problem.Warning })
	for i := range real[:min(len(real), most)] {
		problem := &real[i]
		found = append(found, Finding{Path: problem.Path, Text: render.ProblemText(*problem), Remedy: cmp.Or(p.Hints(problem.Remedy), remedy(problem))})
	}
	return p.andMore(found, len(real))
}

// andMore adds how many are not among the findings.
func (p *Patient) andMore(found []Finding, all int) []Finding {
	if all > most {
		found = append(found, Finding{Text: fmt.Sprintf("and %d more", all-most), Remedy: "all of them are named by: " + p.Say.Command("status", "-v")})
	}
	return found
}

// checkMissing finds what is listed and does not exist, exclusions that leave out all that is
// listed, and entries that select nothing.
func checkMissing(p *Patient) (found []Finding) {
	if p.Preview == nil {
		return nil
	}
	for _, path := range p.Preview.Missing[:min(len(p.Preview.Missing), most)] {
		found = append(found, Finding{Path: path, Text: terminal.Quote(path) + " is on the watch list, and does not exist", Remedy: "stop watching it with: " + p.Say.Command("remove", hint.ShellWord(path))})
	}
	found = p.andMore(found, len(p.Preview.Missing))
	if p.LeftOut != nil {
		found = append(found, Finding{Path: p.LeftOut.Path, Text: render.ProblemText(*p.LeftOut), Remedy: p.Hints(p.LeftOut.Remedy)})
	}
	for i := range p.Selected {
		s := &p.Selected[i]
		if len(s.Paths) == 0 && (s.Err == nil || durable.IsMissing(s.Err)) {
			found = append(found, Finding{Path: s.Entry.Root, Note: true, Text: "entry " + terminal.Quote(s.Entry.Text) + " of the watch list selects nothing",
				Remedy: "stop watching it with: " + p.Say.Command("remove", hint.ShellWord(s.Entry.Text))})
		}
	}
	return found
}

// The share of the files that are read again from which on it is a finding, and how many they are
// at least.
const (
	rereadShare = 2
	rereadLeast = 20
)

// checkRereading finds runs that read most files each time, as on file systems that give a file
// another inode number each time it is looked up.
func checkRereading(p *Patient) []Finding {
	if p.Preview == nil || p.Versions == 0 || p.Preview.Rechecked < rereadLeast || p.Preview.Rechecked*rereadShare < p.Preview.Sources {
		return nil
	}
	if p.Last.Ended.IsZero() || p.Clock.Now.Sub(p.Last.Ended) < settled {
		return nil // files that changed just before the run are read once more
	}
	return one(Finding{Note: true, Text: fmt.Sprintf("a run reads %d of %d files again though they look unchanged: their file system may give them new inode numbers", p.Preview.Rechecked, p.Preview.Sources),
		Remedy: "let runs come less often, or leave those files out"})
}

// What makes a file noisy: versions a day, or bytes a day.
const (
	noisyVersions = 200
	noisyBytes    = 20 << 20
	mostNoisy     = 3
)

// checkNoise finds files with many or large versions each day, and what they cost.
func checkNoise(p *Patient) (found []Finding) {
	if p.Growth == nil {
		return nil
	}
	cost := func(path string) int64 {
		return (&statusview.Growth{Pace: *p.Paces[path], Days: p.Growth.Days}).PerDay()
	}
	paths := slices.SortedFunc(maps.Keys(p.Paces), func(a, b string) int { return cmp.Or(cmp.Compare(cost(b), cost(a)), cmp.Compare(a, b)) })
	for _, path := range paths {
		perDay := float64(p.Paces[path].Versions) / p.Growth.Days
		if perDay < noisyVersions && cost(path) < noisyBytes {
			continue
		}
		found = append(found, Finding{Path: path, Note: true, Text: fmt.Sprintf("%s has %.0f versions a day, which take about %s a day", terminal.Quote(path), perDay, render.SizeText(cost(path))),
			Remedy: "where few lines change, ignore-lines in the configuration helps; leave it out with: " + p.Say.Command("add", hint.ShellWord(config.ExclusionOf(path)))})
		if len(found) == mostNoisy {
			break
		}
	}
	return found
}

// checkExclusions finds what somebody may believe to be recorded, and is left out by default: the
// git repository that a watched folder is.
func checkExclusions(p *Patient) (found []Finding) {
	for _, e := range p.entries() {
		path := filepath.Join(e.Root, ".git")
		if !e.IsLiteral() || !exists(path) || p.Config.HasRoot(path) {
			continue
		}
		if rule := e.ExcludedBy(path, true); rule != nil && rule.IsDefault() && rule.Text == ".git/" {
			found = append(found, Finding{Path: path, Note: true, Text: terminal.Quote(path) + " is left out by default: the files are recorded, and the commits in it are not",
				Remedy: "watch it all the same with: " + p.Say.Command("add", hint.ShellWord(path))})
		}
	}
	if len(found) > most {
		return append(found[:most], Finding{Note: true, Text: fmt.Sprintf("and %d more", len(found)-most), Remedy: "the default exclusions are named by: " + p.Say.Command("list", "-v")})
	}
	return found
}

// checkIgnoreLines finds lines to ignore of files that are not recorded, as after a slip of the
// finger: their changes go on to make versions.
func checkIgnoreLines(p *Patient) (found []Finding) {
	if p.History == nil || p.Config == nil || len(p.Config.IgnoreLines) == 0 {
		return nil
	}
	sources, err := p.History.Current("/")
	if err != nil {
		return nil
	}
	for _, l := range p.Config.IgnoreLines {
		if !slices.ContainsFunc(sources, l.Matches) {
			found = append(found, Finding{Path: p.Configuration, Note: true, Text: fmt.Sprintf("ignore-lines of %s (%s:%d) are of no recorded file", terminal.Quote(l.Text), terminal.Quote(p.Configuration), l.Line),
				Remedy: "mend it with: " + p.Say.Command("config", "edit")})
		}
	}
	return found
}
