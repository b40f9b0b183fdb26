package textdiff

// Origin is where a line came in: with which version, and which of its lines it was there. Both
// count from 0; version 0 is the newest.
type Origin struct{ Version, Line int }

// Origins finds the version in which each line of a text came in. The caller names the versions
// before it, newest first, and can stop as soon as no line is open.
type Origins struct {
	text    []string // of the version reached
	version int
	open    []openLine // lines that stand in text, in order
	found   []Origin   // for each line of the newest text
}

// openLine is a line of the newest text, and which line it is in the version reached.
type openLine struct{ newest, line int }

// NewOrigins looks for the origins of the lines of the newest text that wanted selects.
func NewOrigins(text []string, wanted func(line int) bool) *Origins {
	o := &Origins{text: text, found: make([]Origin, len(text))}
	for i := range text {
		if wanted(i) {
			o.open = append(o.open, openLine{i, i})
		}
	}
	return o
}

// Open tells whether a line is left whose origin may be an older version.
func (o *Origins) Open() bool { return len(o.open) > 0 }

// Older goes back to the version before. Lines that it lacks came in with the one reached before.
func (o *Origins) Older(text []string) {
	edits := Lines(text, o.text)
	var open []openLine
	shift, n := 0, 0 // what the edits so far add to the line of the older text
	for _, l := range o.open {
		for n < len(edits) && edits[n].NewEnd <= l.line {
			shift = edits[n].NewEnd - edits[n].End
			n++
		}
		if n < len(edits) && l.line >= edits[n].NewStart {
			o.settle(l)
			continue
		}
		open = append(open, openLine{l.newest, l.line - shift})
	}
	o.text, o.open = text, open
	o.version++
}

// Found returns the origin of each line of the newest text. What is still open came in with the
// version reached. Lines that were not wanted have no meaning.
func (o *Origins) Found() []Origin {
	for _, l := range o.open {
		o.settle(l)
	}
	return o.found
}

// settle notes that a line came in with the version reached.
func (o *Origins) settle(l openLine) { o.found[l.newest] = Origin{o.version, l.line} }
