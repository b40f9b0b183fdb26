// Package textdiff compares texts line by line and word by word. It is pure.
//
// It first matches the lines that occur once in both texts, in their order (patience diff). Between
// two such lines it finds the longest common subsequence, with a bound on the search. So the time
// is about n log n whatever the texts hold. Texts that differ wildly get a longer diff than
// necessary, never a wrong one.
package textdiff

import (
	"slices"
	"sort"
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"
)

// Edit replaces the lines from Start to before End of the old text by those from NewStart to before
// NewEnd of the new one. Lines count from 0; one of the two ranges may be empty.
type Edit struct{ Start, End, NewStart, NewEnd int }

// Split cuts a text into lines, each with its newline. The last line may lack one.
func Split(text string) []string { return slices.Collect(strings.Lines(text)) }

// Lines lists the edits that turn old into new, in order. At least one equal line stands between
// two of them.
func Lines(old, new []string) []Edit {
	head := 0
	for head < len(old) && head < len(new) && old[head] == new[head] {
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(new)-head && old[len(old)-1-tail] == new[len(new)-1-tail] {
		tail++
	}
	c := comparison{old: old[:len(old)-tail], new: new[:len(new)-tail]}
	x, y := head, head
	for _, a := range c.anchors(head) {
		c.gap(x, a.x, y, a.y)
		x, y = a.x+1, a.y+1
	}
	c.gap(x, len(c.old), y, len(c.new))
	return c.edits
}

// comparison is two texts without their common end, and the edits found so far.
type comparison struct {
	old, new []string
	edits    []Edit
}

// anchor is a line of the old text and the line of the new one that it became.
type anchor struct{ x, y int }

// anchors is the longest rising list of lines that occur once in each text, from line head on.
func (c *comparison) anchors(head int) []anchor {
	type seen struct{ old, new, x, y int }
	lines := map[string]*seen{}
	at := func(line string) *seen {
		s := lines[line]
		if s == nil {
			s = &seen{}
			lines[line] = s
		}
		return s
	}
	for i, line := range c.old[head:] {
		s := at(line)
		s.old, s.x = s.old+1, head+i
	}
	for i, line := range c.new[head:] {
		s := at(line)
		s.new, s.y = s.new+1, head+i
	}
	var once []anchor
	for i, line := range c.old[head:] {
		if s := lines[line]; s.old == 1 && s.new == 1 {
			once = append(once, anchor{head + i, s.y})
		}
	}
	return rising(once)
}

// rising is a longest part of the list, which rises in x, that also rises in y.
func rising(list []anchor) []anchor {
	var ends []int // of the best list of each length, its last member
	back := make([]int, len(list))
	for i, a := range list {
		n := sort.Search(len(ends), func(k int) bool { return list[ends[k]].y >= a.y })
		back[i] = -1
		if n > 0 {
			back[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	if len(ends) == 0 {
		return nil
	}
	best := make([]anchor, len(ends))
	for i, n := ends[len(ends)-1], len(ends)-1; n >= 0; i, n = back[i], n-1 {
		best[n] = list[i]
	}
	return best
}

// gap compares the lines from x to x1 with those from y to y1.
func (c *comparison) gap(x, x1, y, y1 int) {
	if x == x1 || y == y1 {
		c.add(Edit{x, x1, y, y1})
		return
	}
	for _, d := range lcs.DiffLines(c.old[x:x1], c.new[y:y1]) {
		c.add(Edit{x + d.Start, x + d.End, y + d.ReplStart, y + d.ReplEnd})
	}
}

// add joins an edit to the last one where they touch.
func (c *comparison) add(e Edit) {
	if e.Start == e.End && e.NewStart == e.NewEnd {
		return
	}
	if n := len(c.edits); n > 0 && c.edits[n-1].End == e.Start && c.edits[n-1].NewEnd == e.NewStart {
		c.edits[n-1].End, c.edits[n-1].NewEnd = e.End, e.NewEnd
		return
	}
	c.edits = append(c.edits, e)
}

// Hunk is a run of edits with the equal lines around them, as a unified diff shows them.
type Hunk struct {
	Edit         // the lines shown
	Edits []Edit // within them
}

// Hunks groups edits of texts of so many lines; context is the number of equal lines around each.
func Hunks(edits []Edit, oldLines, newLines, context int) []Hunk {
	var hunks []Hunk
	for _, e := range edits {
		shown := Edit{max(0, e.Start-context), min(oldLines, e.End+context), max(0, e.NewStart-context), min(newLines, e.NewEnd+context)}
		if n := len(hunks); n > 0 && hunks[n-1].End >= shown.Start {
			h := &hunks[n-1]
			h.End, h.NewEnd = shown.End, shown.NewEnd
			h.Edits = append(h.Edits, e)
			continue
		}
		hunks = append(hunks, Hunk{shown, []Edit{e}})
	}
	return hunks
}
