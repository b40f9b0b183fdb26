package record

import (
	"errors"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"timemachine/repo/git/object"
)

var hostile = []string{"/etc/hosts", "/a b", "/ lead", "/trail ", "/new\nline\nEvent: deleted", `/q"uote`, `/back\slash`, "/\xff\xfe", "/esc\x1b[31m",
	"/\u0085", "/\u202ebidi", "/\u00fcml\u00e4ut", "/tab\t", "/a: b", "/#x", "/0\x0133"}

func full(source string) Record {
	return Record{Event: Modified, Source: source, Mtime: time.Unix(1764000000, 174276174).UTC(), Mode: 0o4755, UID: 7, GID: 8, User: "us er", Group: "g",
		Size: 12, Blob: object.ID{1}, File: "files" + source, Copy: "copies" + source, Previous: object.ID{2}, RenamedFrom: source + "x", Torn: true, Scan: "20261123T044830Z-9f2c",
		LinkedWith: source + "y", RestoredFrom: object.ID{3}, Xattrs: []Xattr{{Name: "security.capability", Value: "\x01\x00\x00\x02\x00"}, {Name: "user.a=%3D", Value: "b=" + source},
			{Name: "user.empty"}, {Name: "user.large", Blob: object.ID{4}}, {Name: "user.ümlaut", Value: " x\n"}},
		Captured: time.Unix(1764000018, 501234567).UTC(), Changed: time.Unix(1764000009, 1).UTC()}
}

func TestMessageAndParse(t *testing.T) {
	for _, source := range hostile {
		want := full(source)
		got, err := Parse(string(want.AppendMessage(nil, nil)))
		if err != nil {
			t.Errorf("%q: %v", source, err)
			continue
		}
		if !got.Mtime.Equal(want.Mtime) {
			t.Errorf("%q: mtime %v", source, got.Mtime)
		}
		got.Mtime = want.Mtime
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		gone := Record{Event: Deleted, Source: source, File: want.File, Previous: want.Previous, Scan: want.Scan, Captured: want.Captured}
		if got, err := Parse(string(gone.AppendMessage(nil, nil))); err != nil || !reflect.DeepEqual(got, gone) {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, gone)
		}
		gone.Folder = true
		if got, err := Parse(string(gone.AppendMessage(nil, nil))); err != nil || !reflect.DeepEqual(got, gone) || !got.Ends() {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, gone)
		}
		gone.Event, gone.Folder, gone.LeadsOn = TypeChanged, false, true
		if got, err := Parse(string(gone.AppendMessage(nil, nil))); err != nil || !reflect.DeepEqual(got, gone) || !got.Ends() {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, gone)
		}
		for _, event := range []Event{Added, Metadata, TypeChanged, Restored} {
			folder := Record{Event: event, Source: source, Folder: true, Mode: 0o1777, UID: 7, GID: 8, User: "us er", Group: "g", File: want.File, Captured: want.Captured,
				Changed: want.Changed, Previous: want.Previous, RenamedFrom: want.RenamedFrom, RestoredFrom: want.RestoredFrom, Xattrs: want.Xattrs, Scan: want.Scan}
			got, err := Parse(string(folder.AppendMessage(nil, nil)))
			if err != nil || !reflect.DeepEqual(got, folder) || got.Ends() || got.HasContent() {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, folder)
			}
		}
	}
}

// TestForgedFolders: what a folder cannot have is passed over, and what it must have is not.
func TestForgedFolders(t *testing.T) {
	const folder = "Add folder /f\n\nEvent: added\nSource: /f\nMode: 0755\nType: folder\nOwner: a:b (1:2)\n"
	r, err := Parse(folder + "Mtime: 2026-01-01T00:00:00.000000000Z\nSize: 5\nBlob: 3b18e512dba79e4c8300dd08aeb37f8e728b8dad\nCopy: copies/f\nTorn: yes\nLinked-With: /g\n")
	if want := (Record{Event: Added, Source: "/f", Folder: true, Mode: 0o755, UID: 1, GID: 2, User: "a", Group: "b"}); err != nil || !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v, %v\nwant %+v", r, err, want)
	}
	for _, line := range []string{"Mode: 0755\n", "Owner: a:b (1:2)\n"} {
		if r, err := Parse(strings.Replace(folder, line, "", 1)); err == nil {
			t.Errorf("without %q: %+v", line, r)
		}
	}
	for _, line := range []string{"Xattr: user.a\n", "Xattr: =b\n", "Xattr-Blob: user.a=b\n", "Xattr: user.a=1\nXattr: user.a=2\n", "Xattr: \"user\\000=b\"\n", "Restored-From: x\n"} {
		if r, err := Parse(folder + line); err == nil {
			t.Errorf("with %q: %+v", line, r)
		}
	}
}

// TestMomentsOfCapture: Captured and Changed stand between Copy and Previous, exact to the
// nanosecond, and a record without them has neither.
func TestMomentsOfCapture(t *testing.T) {
	r := full("/etc/hosts")
	const want = "\nCopy: copies/etc/hosts\nCaptured: 2025-11-24T16:00:18.501234567Z\nChanged: 2025-11-24T16:00:09.000000001Z\nPrevious: "
	if !strings.Contains(string(r.AppendMessage(nil, nil)), want) {
		t.Errorf("no %q in\n%s", want, string(r.AppendMessage(nil, nil)))
	}
	r.Captured, r.Changed = time.Time{}, time.Time{}
	if got, err := Parse(string(r.AppendMessage(nil, nil))); err != nil || !got.Captured.IsZero() || !got.Changed.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestSubjects: a subject tells which of mode and owner changed, and how.
func TestSubjects(t *testing.T) {
	before := Record{Event: Added, Source: "/f", Mode: 0o644, User: "root", Group: "root"}
	change := func(f func(r *Record)) Record {
		r := before
		r.Event = Metadata
		f(&r)
		return r
	}
	for want, r := range map[string]Record{
		"Change mode of /f from 0644 to 4777":                                    change(func(r *Record) { r.Mode = 0o4777 }),
		"Change owner of /f from root:root to www:www":                           change(func(r *Record) { r.UID, r.GID, r.User, r.Group = 5, 5, "www", "www" }),
		"Change owner of /f from root:root to root:7":                            change(func(r *Record) { r.GID, r.Group = 7, "" }),
		"Change owner of /f from 0:0 to 5:0":                                     change(func(r *Record) { r.UID = 5 }),
		`Change owner of /f from root:root to "a\033b:root"`:                     change(func(r *Record) { r.UID, r.User = 5, "a\x1bb" }),
		`Change mode of "/\n" from 0644 to 0600`:                                 change(func(r *Record) { r.Source, r.Mode = "/\n", 0o600 }),
		"Change mode and owner of /f from 0644 root:root to 0600 www:www":        change(func(r *Record) { r.Mode, r.UID, r.User, r.GID, r.Group = 0o600, 5, "www", 5, "www" }),
		"Change mode of /f":                                                      change(func(*Record) {}),
		"Change attributes of /f":                                                change(func(r *Record) { r.Xattrs = []Xattr{{Name: "user.a"}} }),
		"Change links of /f":                                                     change(func(r *Record) { r.LinkedWith = "/g" }),
		"Change mode and attributes of /f from 0644 to 0600":                     change(func(r *Record) { r.Mode, r.Xattrs = 0o600, []Xattr{{Name: "user.a"}} }),
		"Change mode, owner and links of /f from 0644 root:root to 0600 www:www": change(func(r *Record) { r.Mode, r.UID, r.User, r.GID, r.Group, r.LinkedWith = 0o600, 5, "www", 5, "www", "/g" }),
		"Change mode of folder /f from 0644 to 0700":                             change(func(r *Record) { r.Folder, r.Mode = true, 0o700 }),
	} {
		got := string(r.AppendMessage(nil, &before))
		if subject, _, _ := strings.Cut(got, "\n"); subject != want {
			t.Errorf("got  %s\nwant %s", subject, want)
		}
		if again, err := Parse(got); err != nil || again.Event != Metadata {
			t.Errorf("%s: %+v, %v", want, again, err)
		}
	}
	r := change(func(r *Record) { r.Mode = 0o600 })
	if got := string(r.AppendMessage(nil, nil)); !strings.HasPrefix(got, "Change mode of /f\n") {
		t.Errorf("without the version before: %s", got)
	}
}

// TestSubjectOfRestored: the subject tells from when the version was that a restore brought back.
func TestSubjectOfRestored(t *testing.T) {
	then := time.Date(2026, 11, 16, 13, 14, 59, 0, time.FixedZone("", 3600))
	for want, r := range map[string]Record{
		"Restore /f from 2026-11-16 13:14":        {Event: Restored, Source: "/f"},
		"Restore folder /f from 2026-11-16 13:14": {Event: Restored, Source: "/f", Folder: true},
	} {
		from := Record{Source: r.Source, Folder: r.Folder, Mtime: then}
		if r.Folder {
			from.Mtime, from.Captured = time.Time{}, then
		}
		if subject, _, _ := strings.Cut(string(r.AppendMessage(nil, &from)), "\n"); subject != want {
			t.Errorf("got  %s\nwant %s", subject, want)
		}
	}
}

// TestPlacesOfOthers: a record's places never lead out of their folders.
func TestPlacesOfOthers(t *testing.T) {
	for _, path := range []string{"/etc/passwd", "files", "files/", "files/../x", "files//x", "copies/x", ".git/config", "files/a/.", "\"files/a\\000\""} {
		r := full("/etc/hosts")
		r.File = ""
		if _, err := Parse(strings.Replace(string(r.AppendMessage(nil, nil)), "Copy:", "File: "+path+"\nCopy:", 1)); err == nil {
			t.Errorf("File: %s is taken", path)
		}
	}
}

// TestGitReadsTrailers has real git take the messages apart.
func TestGitReadsTrailers(t *testing.T) {
	for _, source := range hostile {
		r := full(source)
		cmd := exec.Command("git", "interpret-trailers", "--parse")
		cmd.Stdin = strings.NewReader(string(r.AppendMessage(nil, nil)))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		sources := 0
		for line := range strings.Lines(string(out)) {
			value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "Source: ")
			if !ok {
				continue
			}
			sources++
			if got, err := Unquote(value); err != nil || got != source {
				t.Errorf("%q: git reads %q, %v", source, got, err)
			}
		}
		if !strings.Contains(string(out), "\nCaptured: 2025-11-24T16:00:18.501234567Z\nChanged: 2025-11-24T16:00:09.000000001Z\n") {
			t.Errorf("%q: git reads no moments in\n%s", source, out)
		}
		if sources != 1 {
			t.Errorf("%q: %d sources in\n%s", source, sources, out)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, want := range []time.Time{time.Unix(0, 0), time.Unix(-1, 999999999), time.Unix(253402300800, 1), time.Unix(-62135596801, 5), time.Unix(1<<40, 0), time.Unix(-(1 << 40), 7)} {
		got, err := ParseTime(FormatTime(want))
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", FormatTime(want), got, err)
		}
	}
}

func TestOthersCommits(t *testing.T) {
	for _, message := range []string{"", "fix\n", "fix\n\nSigned-off-by: x <y>\n", "Event: added\n"} {
		if _, err := Parse(message); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", message, err)
		}
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, q := range []string{QuoteTrailer(s), Quote(s)} {
			if strings.ContainsAny(q, "\n\r\x1b\x00") {
				t.Errorf("%q is quoted as %q", s, q)
			}
			if got, err := Unquote(q); err != nil || got != s {
				t.Errorf("%q comes back as %q, %v", s, got, err)
			}
		}
		if q := Quote(s); strings.ContainsFunc(q, Hidden) {
			t.Errorf("%q is shown as %q", s, q)
		}
	})
}

// TestRecordsQuoteAsBefore: what is quoted for people alone stands in trailers as it is, so that
// the form of records does not depend on what Unicode calls a letter.
func TestRecordsQuoteAsBefore(t *testing.T) {
	for _, s := range []string{"/private\ue000", "/unassigned\u0378", "/no-break\u00a0space", "/filler\u3164", "/variation\ufe0f"} {
		if QuoteTrailer(s) != s || Quote(s) == s {
			t.Errorf("%q is %s in a trailer and %s for people", s, QuoteTrailer(s), Quote(s))
		}
	}
	for _, s := range []string{"/plain", "/Größe", "/日本語", "/e\u0301", "/a b", "/smile\U0001f600"} {
		if Quote(s) != s {
			t.Errorf("%q is %s for people", s, Quote(s))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range hostile {
		r := full(s)
		f.Add(string(r.AppendMessage(nil, nil)))
	}
	f.Add("Add x\n\nEvent: added\nSource: \"/a\\")
	f.Fuzz(func(t *testing.T, message string) {
		r, err := Parse(message)
		if err != nil {
			return
		}
		again, err := Parse(string(r.AppendMessage(nil, nil)))
		if err != nil {
			t.Fatalf("%v\n%s", err, string(r.AppendMessage(nil, nil)))
		}
		if again.Source != r.Source || again.Event != r.Event || again.Blob != r.Blob || again.Copy != r.Copy || again.File != r.File || !again.Mtime.Equal(r.Mtime) {
			t.Errorf("%+v\n%+v", again, r)
		}
	})
}
