package logview

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// few is how many lines about single versions a run has at most. What a larger run did is summed
// up.
const few = 8

// Run is the versions that one run recorded, added in their order. It keeps the first ones whole,
// and of the others only their paths.
type Run struct {
	Time     time.Time // when the newest one was recorded
	Scan     string
	id       object.ID // the commit of the newest one
	Versions int
	Reversed bool // the oldest one is added first
	first    []history.Entry
	changes  map[string]*spread // what was done where, but for the deletions
	deleted  []string           // sources
	renamed  map[string]string  // the new names by the old ones
	second   time.Time          // of a run without a name
	Until    time.Time          // only versions in force before that are added; zero: all

	More    int  // versions of the run that a limit left out
	Seconds bool // its time is told to the second: another run beside it has the same minute

	// RenamedTo has the new names of sources that the run renamed, by their old ones: of those
	// whose new names are not among the versions, as in the log of a folder.
	RenamedTo map[string]string
}

// Takes tells whether a version is of this run. A run without versions takes all.
func (r *Run) Takes(e *history.Entry) bool {
	return r.Versions == 0 || e.Scan == r.Scan && (e.Scan != "" || e.Committed.Equal(r.second))
}

// Add adds a version.
func (r *Run) Add(e *history.Entry) {
	if r.Versions == 0 {
		r.Time, r.id, r.Scan, r.second = e.CaptureTime(), e.Commit, e.Scan, e.Committed
		r.changes, r.renamed = map[string]*spread{}, map[string]string{}
	}
	if r.Reversed {
		r.Time, r.id = e.CaptureTime(), e.Commit
	}
	if !r.Until.IsZero() && !r.Time.Before(r.Until) {
		r.Time = e.Since
	}
	r.Versions++
	if len(r.first) <= 2*few {
		r.first = append(r.first, *e)
	}
	switch {
	case e.Event == record.Deleted:
		r.deleted = append(r.deleted, e.Source)
		return
	case e.RenamedFrom != "":
		r.renamed[e.RenamedFrom] = e.Source
	}
	r.count(deed(e), e.Source)
}

// Unexplained is a version of the run where one of its deletions is no part of a rename that was
// added; else nil. What the run renamed tells what that is.
func (r *Run) Unexplained() *history.Entry {
	for _, source := range r.deleted {
		if r.renamed[source] == "" {
			return &r.first[0]
		}
	}
	return nil
}

func (r *Run) count(deed, source string) {
	if r.changes[deed] == nil {
		r.changes[deed] = &spread{}
	}
	r.changes[deed].add(source)
}

// deed is what happened, in words that stand behind a number of files.
func deed(e *history.Entry) string {
	switch e.Event {
	case record.Added:
		if e.RenamedFrom != "" {
			return deedRenamed
		}
	case record.TypeChanged:
		return "changed type"
	case record.Metadata:
		b := e.Before
		if b != nil && b.Mode != e.Mode && b.Owner().Is(e.Owner()) {
			return modesChanged
		}
		if b != nil && b.Mode == e.Mode && !b.Owner().Is(e.Owner()) {
			return ownersChanged
		}
		return "changed in metadata"
	}
	return string(e.Event)
}

// The deeds that are told with a noun, and that of files which went elsewhere.
const (
	modesChanged  = "modes changed"
	ownersChanged = "owners changed"
	renamedAway   = "renamed away"
	deedRenamed   = "renamed"
)

// Part is a part of a run: what was done to how many files below a folder.
type Part struct {
	Deed     string
	Folder   string // or the file, of one
	From     string // of the only file that was renamed, its old name
	To       string // of renamedAway where the new names are, likewise
	Itself   bool   // Folder is one of the files, and Files does not count it
	Files    int
	Versions int // a rename is two: the name that vanished, and the new one
}

// Parts are what a run did, the largest part first, and the rest of it, which has no Deed. No
// version is counted twice, and none left out.
func (r *Run) Parts(most int) (parts []Part, rest Part) {
	gone, away, to := &spread{}, &spread{}, &spread{}
	pairs := map[string]bool{}
	for _, source := range r.deleted {
		switch pairs[source] = r.renamed[source] != ""; {
		case pairs[source]:
		case r.RenamedTo[source] != "":
			away.add(source)
			to.add(r.RenamedTo[source])
		default:
			gone.add(source)
		}
	}
	paired := 0
	for _, is := range pairs {
		if is {
			paired++
		}
	}
	changes := []Part{}
	files := 0
	for deed, s := range r.changes {
		changes = append(changes, s.parts(deed)...)
		files += s.count
	}
	if gone.count > 0 {
		changes = append(changes, gone.parts(string(record.Deleted))...)
		files += gone.count
	}
	if away.count > 0 {
		folder, n, _ := away.place()
		target, _, _ := to.place()
		changes = append(changes, Part{Deed: renamedAway, Folder: folder, To: target, Files: n, Versions: n})
		files += away.count
	}
	slices.SortFunc(changes, func(a, b Part) int { return cmp.Or(cmp.Compare(b.Files, a.Files), cmp.Compare(a.Deed, b.Deed)) })
	rest.Files, rest.Versions = files, r.Versions
	for _, p := range changes[:min(most, len(changes))] {
		if p.Itself {
			rest.Files--
		}
		if p.Deed == deedRenamed {
			p.Versions, p.From = p.Versions+paired, r.oldName(&p)
			if p.Files < r.changes[deedRenamed].count {
				p.Versions = p.Files // the others' old names are in the rest
			}
		}
		rest.Files, rest.Versions = rest.Files-p.Files, rest.Versions-p.Versions
		parts = append(parts, p)
	}
	return parts, rest
}

// oldName is the old name of the only file of a part; "" where there are more.
func (r *Run) oldName(p *Part) string {
	if p.Files == 1 {
		for old, name := range r.renamed {
			if name == p.Folder {
				return old
			}
		}
	}
	return ""
}

// parts are what was done to most of the sources, and to the only other one.
func (s *spread) parts(deed string) []Part {
	folder, n, other := s.place()
	most := Part{Deed: deed, Folder: folder, Files: n, Versions: n}
	switch {
	case other == "" || deed == deedRenamed: // the old names count there
		return []Part{most}
	case other == folder:
		most.Itself = true
		most.Versions++
		return []Part{most}
	}
	return []Part{most, {Deed: deed, Folder: other, Files: 1, Versions: 1}}
}

// text says what a part is about.
func (p *Part) text(path func(source string, folder bool) string) string {
	text := p.words(path)
	if p.Itself {
		text += ", with the folder"
	}
	return text
}

func (p *Part) words(path func(source string, folder bool) string) string {
	switch {
	case p.Deed == "":
		return fmt.Sprintf("+%d more", p.Files)
	case p.Deed == renamedAway && p.Files > 1:
		return fmt.Sprintf("%d renamed from %s to %s", p.Files, path(p.Folder, true), path(p.To, true))
	case p.Deed == renamedAway:
		return "renamed " + path(p.Folder, false) + terminal.InCharset(" → ") + path(p.To, false)
	case p.From != "":
		return "renamed " + path(p.From, false) + terminal.InCharset(" → ") + path(p.Folder, false)
	case p.Files > 1 && (p.Folder == "/" || path(p.Folder, false) == "."):
		return fmt.Sprintf("%d %s", p.Files, p.Deed)
	case p.Files > 1:
		return fmt.Sprintf("%d %s below %s", p.Files, p.Deed, path(p.Folder, false))
	case p.Deed == modesChanged:
		return "mode changed of " + path(p.Folder, false)
	case p.Deed == ownersChanged:
		return "owner changed of " + path(p.Folder, false)
	}
	return p.Deed + " " + path(p.Folder, false)
}

// colour is the colour of a part.
func (p *Part) colour() string {
	switch p.Deed {
	case "":
		return plain
	case modesChanged, ownersChanged:
		return cyan
	}
	return eventColour(record.Event(p.Deed))
}
