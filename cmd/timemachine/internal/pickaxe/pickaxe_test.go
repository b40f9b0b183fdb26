package pickaxe

import (
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// TestCountAcrossReads: a text is counted wherever the reads end, without overlaps.
func TestCountAcrossReads(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var b strings.Builder
		for range random.IntN(40) {
			b.WriteString([]string{"a", "ab", "aab", "\n"}[random.IntN(4)])
		}
		text := strings.Repeat("a", 1+random.IntN(3)) + []string{"", "b", "b\n"}[random.IntN(3)]
		body := b.String()
		for _, src := range []io.Reader{strings.NewReader(body), iotest.OneByteReader(strings.NewReader(body)), iotest.HalfReader(iotest.DataErrReader(strings.NewReader(body)))} {
			if n, err := count(src, []byte(text)); err != nil || n != strings.Count(body, text) {
				t.Fatalf("%q in %q: %d, %v", text, body, n, err)
			}
		}
	}
	long := strings.Repeat("x", 64<<10-2) + "needle" + strings.Repeat("y", 100<<10) + "needle"
	if n, err := count(strings.NewReader(long), []byte("needle")); err != nil || n != 2 {
		t.Error(n, err)
	}
}

// TestLongContent: a long content is not searched for lines, which is told, and is for a text.
func TestLongContent(t *testing.T) {
	version := func(n byte, body string) *record.Version {
		return &record.Version{Record: record.Record{Event: record.Modified, Source: body, Blob: object.ID{n}}}
	}
	content := func(v *record.Version) (io.ReadCloser, int64, error) {
		return io.NopCloser(strings.NewReader(v.Source)), int64(len(v.Source)), nil
	}
	short, long := version(1, "one\n"), version(2, "one\ntwo\n")
	for longest, want := range map[int64]bool{7: false, 8: true} {
		s := Search{Lines: regexp.MustCompile("^two$"), Longest: longest, Content: content}
		if found, err := s.Finds(long, short); found != want || err != nil || s.TooLong == want {
			t.Errorf("longest %d: %v, %v, too long: %v", longest, found, err, s.TooLong)
		}
	}
	s := Search{Text: "two\n", Content: content}
	if found, err := s.Finds(long, short); !found || err != nil || s.TooLong {
		t.Error(found, err)
	}
	if found, err := s.Finds(long, version(2, "")); found || err != nil {
		t.Error("the same content is found", err)
	}
}
