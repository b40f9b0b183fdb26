// Package pickaxe finds the versions that brought in or took out a text, as git log -S and -G do.
//
// It counts a text while it reads a content, and holds a small part of that in memory. Lines that
// match a regular expression are searched in the difference of two contents, which it holds whole.
package pickaxe

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/textdiff"
)

// Search finds versions by what changed in their content. Either Text or Lines is set.
type Search struct {
	Text    string         // found where the content holds it more or less often than before
	Lines   *regexp.Regexp // found where an added or removed line matches
	Longest int64          // bytes of the longest content of which lines are compared

	// Content opens the content of a version and tells its size in bytes.
	Content func(*record.Version) (io.ReadCloser, int64, error)

	TooLong bool // a content was not searched for Lines, since it is too long
	counts  map[object.ID]int
}

// mostCounts is how many counts of contents are remembered.
const mostCounts = 50_000

// binarySee is the number of bytes searched for a NUL, as git does.
const binarySee = 8000

// Finds tells whether a version is found. before is the version before it; nil for none.
func (s *Search) Finds(v, before *record.Version) (bool, error) {
	if before != nil && !before.HasContent() {
		before = nil
	}
	if !v.HasContent() {
		v = nil
	}
	if v == nil && before == nil || v != nil && before != nil && v.Blob == before.Blob {
		return false, nil
	}
	if s.Lines != nil {
		return s.changesLine(v, before)
	}
	now, err := s.countIn(v)
	if err != nil {
		return false, err
	}
	then, err := s.countIn(before)
	return now != then, err
}

// countIn counts how often the content of a version holds the text; never where there is none.
func (s *Search) countIn(v *record.Version) (int, error) {
	if v == nil {
		return 0, nil
	}
	if n, known := s.counts[v.Blob]; known {
		return n, nil
	}
	src, _, err := s.Content(v)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	n, err := count(src, []byte(s.Text))
	if err != nil {
		return 0, err
	}
	if s.counts == nil || len(s.counts) >= mostCounts {
		s.counts = map[object.ID]int{}
	}
	s.counts[v.Blob] = n
	return n, nil
}

// count counts how often a text occurs, without overlaps.
func count(src io.Reader, text []byte) (n int, err error) {
	buffer := make([]byte, max(64<<10, 4*len(text)))
	held := 0
	for {
		got, err := src.Read(buffer[held:])
		held += got
		rest := buffer[:held]
		for i := bytes.Index(rest, text); i >= 0; i = bytes.Index(rest, text) {
			n, rest = n+1, rest[i+len(text):]
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		rest = rest[max(0, len(rest)-len(text)+1):]
		held = copy(buffer, rest)
	}
}

// changesLine tells whether a line that matches was added or removed. Binary contents have none.
func (s *Search) changesLine(v, before *record.Version) (bool, error) {
	old, oldText, err := s.lines(before)
	if err != nil {
		return false, err
	}
	now, nowText, err := s.lines(v)
	if err != nil || !oldText || !nowText {
		return false, err
	}
	if !slices.ContainsFunc(old, s.matches) && !slices.ContainsFunc(now, s.matches) {
		return false, nil
	}
	for _, e := range textdiff.Lines(old, now) {
		if slices.ContainsFunc(old[e.Start:e.End], s.matches) || slices.ContainsFunc(now[e.NewStart:e.NewEnd], s.matches) {
			return true, nil
		}
	}
	return false, nil
}

func (s *Search) matches(line string) bool {
	return s.Lines.MatchString(strings.TrimSuffix(line, "\n"))
}

// lines are the lines of a version, and false for one that is binary or too long.
func (s *Search) lines(v *record.Version) ([]string, bool, error) {
	if v == nil {
		return nil, true, nil
	}
	src, size, err := s.Content(v)
	if err != nil {
		return nil, false, err
	}
	defer src.Close()
	if size > s.Longest {
		s.TooLong = true
		return nil, false, nil
	}
	body, err := io.ReadAll(src)
	if err != nil || bytes.IndexByte(body[:min(len(body), binarySee)], 0) >= 0 {
		return nil, false, err
	}
	return textdiff.Split(string(body)), true, nil
}
