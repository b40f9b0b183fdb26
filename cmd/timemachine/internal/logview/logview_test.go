package logview

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// randomRun is a run of n versions, among them whole renames and halves of them.
func randomRun(random *rand.Rand, n int) (*Run, int) {
	events := []record.Event{record.Added, record.Modified, record.Touched, record.Metadata, record.Deleted, record.TypeChanged, record.Restored}
	r := &Run{RenamedTo: map[string]string{}}
	added := 0
	add := func(e history.Entry) {
		r.Add(&e)
		added++
	}
	for i := range n {
		e := history.Entry{Since: time.Unix(1_700_000_000, 0)}
		e.Event, e.Size = events[random.IntN(len(events))], int64(random.IntN(5000))
		e.Source = fmt.Sprintf("/%c/%s/%d 日本", 'a'+rune(random.IntN(3)), strings.Repeat("d", random.IntN(40)), i)
		if e.Event == record.Metadata && random.IntN(2) == 0 {
			e.Before = &record.Version{Record: record.Record{Event: record.Added, Mode: 0o600}}
		}
		if e.Event == record.Added && random.IntN(2) == 0 {
			e.RenamedFrom = e.Source + "-old"
			if random.IntN(2) == 0 {
				old := history.Entry{}
				old.Event, old.Source = record.Deleted, e.RenamedFrom
				add(old)
			}
		}
		if e.Event == record.Deleted && random.IntN(2) == 0 {
			r.RenamedTo[e.Source] = fmt.Sprintf("/elsewhere/%s/%d", strings.Repeat("e", random.IntN(40)), i)
		}
		add(e)
	}
	return r, added
}

// TestPartsLoseNoVersion: the parts of a run and the rest are all its versions, each once.
func TestPartsLoseNoVersion(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		r, added := randomRun(random, 1+random.IntN(60))
		for most := 1; most < 12; most++ {
			parts, rest := r.Parts(most)
			sum := rest.Versions
			for _, p := range parts {
				if p.Files < 1 || p.Versions < p.Files {
					t.Fatalf("%+v", p)
				}
				sum += p.Versions
			}
			if sum != added || r.Versions != added || rest.Files < 0 || rest.Versions < rest.Files || rest.Files == 0 && rest.Versions > 0 {
				t.Fatalf("%d of %d versions: %+v %+v", sum, added, parts, rest)
			}
		}
	}
}

// TestRunFits: no line of a run is too wide, and a small run has a line for each version or rename.
func TestRunFits(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		r, _ := randomRun(random, 1+random.IntN(30))
		for _, columns := range []int{20, 40, 80, 120} {
			s := Style{Columns: columns, Zone: time.UTC, Now: time.Unix(1_700_000_100, 0), Base: "/a"}
			text, all := s.Run(r)
			for line := range strings.Lines(text + s.RunLine(r)) {
				if n := terminal.Columns(strings.TrimSuffix(line, "\n")); n > columns {
					t.Fatalf("%d of %d columns: %q", n, columns, line)
				}
			}
			if want := len(r.joined()); all && columns == 120 && strings.Count(text, "\n") < 1+want {
				t.Fatalf("%d versions: %s", want, text)
			}
			if parts, _ := r.Parts(100); columns >= 80 && strings.Count(s.RunLine(r), " · ") < 1+len(parts) && !strings.Contains(s.RunLine(r), " more") {
				t.Fatalf("%q does not tell of all: %+v", s.RunLine(r), parts)
			}
			if strings.Count(s.RunLine(r), "\n") != 1 {
				t.Fatalf("%q", s.RunLine(r))
			}
		}
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for ago, want := range map[time.Duration]string{
		-time.Minute:                          "in the future",
		0:                                     "0 seconds ago",
		time.Second:                           "1 second ago",
		89 * time.Second:                      "89 seconds ago",
		90 * time.Second:                      "2 minutes ago",
		89 * time.Minute:                      "89 minutes ago",
		27 * time.Hour:                        "27 hours ago",
		3 * 24 * time.Hour:                    "3 days ago",
		20 * 24 * time.Hour:                   "3 weeks ago",
		100 * 24 * time.Hour:                  "3 months ago",
		400 * 24 * time.Hour:                  "1 year, 1 month ago",
		(365*3 + 90) * 24 * time.Hour:         "3 years, 3 months ago",
		(365*6 + 30) * 24 * time.Hour:         "6 years ago",
		365*2*24*time.Hour + 20*time.Hour + 1: "2 years ago",
		(364*24 + 23) * time.Hour:             "1 year ago",
	} {
		if got := Ago(now.Add(-ago), now); got != want {
			t.Errorf("%v: %q, want %q", ago, got, want)
		}
		if n := len(briefAgo(now.Add(-ago), now)); n > agoColumns {
			t.Errorf("%v: %d columns", ago, n)
		}
	}
}

// TestPartsNameTheOnlyOther: of what is summed up, a source that is the only one elsewhere is told
// by its name, or as the folder that the others are in.
func TestPartsNameTheOnlyOther(t *testing.T) {
	for _, c := range []struct {
		others []string
		want   string
	}{
		{nil, "20 deleted below /w/g"},
		{[]string{"/w/g"}, "20 deleted below /w/g, with the folder"},
		{[]string{"/w/lone"}, "20 deleted below /w/g · deleted /w/lone"},
		{[]string{"/else/where/deep/lone"}, "20 deleted below /w/g · deleted /else/where/deep/lone"},
		{[]string{"/lone"}, "20 deleted below /w/g · deleted /lone"},
		{[]string{"/w/g", "/w/lone"}, "20 deleted below /w/g · +2 more"},
		{[]string{"/a/b", "/c/d"}, "20 deleted below /w/g · +2 more"},
	} {
		for _, event := range []record.Event{record.Deleted, record.Added, record.Restored} {
			r := &Run{}
			add := func(source string) {
				e := history.Entry{}
				e.Event, e.Source = event, source
				r.Add(&e)
			}
			for i := range 20 {
				add(fmt.Sprintf("/w/g/%d", i))
			}
			for _, source := range c.others {
				add(source)
			}
			s := Style{Columns: 120, Zone: time.UTC, Now: time.Now(), Base: "/"}
			text, _ := s.Run(r)
			for _, line := range []string{s.RunLine(r), text} {
				want := strings.ReplaceAll(c.want, "deleted", string(event))
				if _, got, _ := strings.Cut(strings.TrimSpace(line), "ago · "); got != want {
					t.Errorf("%q, not %q", got, want)
				}
			}
		}
	}
}
