package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

func TestMain(m *testing.M) {
	beHelper()
	os.Exit(m.Run())
}

func testBench(t *testing.T) *bench {
	t.Helper()
	b, err := newBench(context.Background(), &options{size: 1}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestExport lets git read the stream that git fast-import is measured with.
func TestExport(t *testing.T) {
	b := testBench(t)
	names, err := b.generate(b.path("src"), 30, 10, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	for _, odd := range []string{"\"quoted\"", "with space", "new\nline", "empty"} {
		name := b.path("src", odd)
		data := []byte(odd)
		if odd == "empty" {
			data = nil
		}
		if err := b.write(name, data); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	var stream bytes.Buffer
	if err := exportCommits(&stream, b.path("src")); err != nil {
		t.Fatal(err)
	}
	repotest.Git(t, b.dir, "init", "-q", "--bare", "imported")
	dir := b.path("imported")
	file := b.path("stream")
	if err := os.WriteFile(file, stream.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	repotest.Git(t, dir, "-c", "alias.import=!git fast-import --quiet < "+file, "import")
	if got := strings.TrimSpace(repotest.Git(t, dir, "rev-list", "--count", "main")); got != fmt.Sprint(len(names)) {
		t.Errorf("%s commits, want %d", got, len(names))
	}
	for _, name := range names {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		rel, _ := filepath.Rel(b.path("src"), name)
		if got := repotest.Git(t, dir, "cat-file", "blob", "main:"+rel); got != string(want) {
			t.Errorf("%q: %d bytes, want %d", rel, len(got), len(want))
		}
	}
}

func TestGeneratedFilesDiffer(t *testing.T) {
	b := testBench(t)
	names, err := b.generate(b.path("src"), 50, 50, 1<<10)
	if err != nil {
		t.Fatal(err)
	}
	content, times := map[string]bool{}, map[int64]bool{}
	check := func(name string) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if content[string(data)] || times[info.ModTime().UnixNano()] {
			t.Errorf("%s is like another", name)
		}
		content[string(data)], times[info.ModTime().UnixNano()] = true, true
	}
	for _, name := range names {
		check(name)
	}
	for i, name := range names {
		if err := b.edit(name, i); err != nil {
			t.Fatal(err)
		}
		check(name)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 5}, 5}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v: %v", c.values, got)
		}
	}
	pairs := []pair{{1, 10}, {5, 10}, {30, 10}}
	if got := medianOf(pairs, pair.ratio); got != 0.5 {
		t.Errorf("median ratio %v", got)
	}
}

func TestVerdicts(t *testing.T) {
	b := testBench(t)
	b.compare("better", "peer", []pair{{1, 10}}, seconds, 0.1)
	b.compare("worse", "peer", []pair{{2, 10}}, seconds, 0.1)
	b.limit("within", 5, 5, count, false)
	b.limit("beyond", 6, 5, count, false)
	b.size = 0.1
	b.limit("small", 6, 5, count, false)
	b.limit("judged at any size", 6, 5, count, true)
	want := []string{"met", "NOT MET", "met", "NOT MET", "at full size", "NOT MET"}
	for i, r := range b.rows {
		if r.verdict != want[i] {
			t.Errorf("%s: %q, want %q", r.work, r.verdict, want[i])
		}
	}
	for _, markdown := range []bool{false, true} {
		var out bytes.Buffer
		b.print(&out, []string{"about"}, markdown)
		if got := strings.Count(out.String(), "NOT MET"); got != 3 {
			t.Errorf("%d rows that are not met in:\n%s", got, out.String())
		}
	}
}

func TestMemoryIsRefused(t *testing.T) {
	kind, memory, err := fileSystem("/dev/shm")
	if err != nil || kind != "tmpfs" {
		t.Skip("no tmpfs at /dev/shm")
	}
	if !memory {
		t.Error("tmpfs passes for a disk")
	}
}

// TestPlot draws a history and reads the figure as XML.
func TestPlot(t *testing.T) {
	var samples []sample
	for i := range 5 {
		samples = append(samples, sample{(i + 1) * 200, 0.02, 0.03 + float64(i)/100, 1e6 * float64(i), 2e6 * float64(i)})
	}
	file := filepath.Join(t.TempDir(), "years.svg")
	if err := plotYears(file, samples, "2026-11-29"); err != nil {
		t.Fatal(err)
	}
	texts, lines := readFigure(t, file)
	for _, want := range []string{"timemachine", "milliseconds a run", "MB in .git", "runs"} {
		if !slices.Contains(texts, want) {
			t.Errorf("the figure lacks %q", want)
		}
	}
	if lines["#1B6CA8"] != 4 || lines["#D95F02"] != 4 { // in each panel one, and one in its legend
		t.Errorf("lines: %v", lines)
	}
}

// readFigure reads a figure as XML: its texts, and how many lines of each color it has.
func readFigure(t *testing.T, file string) (texts []string, lines map[string]int) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines = map[string]int{}
	for d := xml.NewDecoder(f); ; {
		token, err := d.Token()
		if err == io.EOF {
			return texts, lines
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.CharData:
			texts = append(texts, strings.TrimSpace(string(x)))
		case xml.StartElement:
			for _, a := range x.Attr {
				for _, color := range []string{"#1B6CA8", "#D95F02"} {
					if a.Name.Local == "style" && strings.Contains(a.Value, color) {
						lines[color]++
					}
				}
			}
		}
	}
}
