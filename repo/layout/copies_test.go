package layout

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var moment = time.Date(2026, 11, 23, 4, 48, 12, 174276174, time.UTC)

const momentStamp = "2026-11-23T04-48-12.174276Z"

func TestStamp(t *testing.T) {
	east := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		name string
		t    time.Time
		want string
	}{
		{"ordinary", moment, momentStamp},
		{"another zone", moment.In(east), momentStamp},
		{"rounded down", time.Unix(0, 1999), "1970-01-01T00-00-00.000001Z"},
		{"rounded down before 1970", time.Unix(-1, 999999999), "1969-12-31T23-59-59.999999Z"},
		{"first", time.Unix(firstSecond, 0), "0001-01-01T00-00-00.000000Z"},
		{"zero value", time.Time{}, "0001-01-01T00-00-00.000000Z"},
		{"before first", time.Unix(firstSecond-1, 500000999), "@-62135596801.500000Z"},
		{"last", time.Unix(lastSecond, 999999999), "9999-12-31T23-59-59.999999Z"},
		{"after last", time.Unix(lastSecond+1, 0).In(east), "@253402300800.000000Z"},
		{"far ahead", time.Unix(math.MaxInt64, 999999999), "@9223372036854775807.999999Z"},
		{"far back", time.Unix(math.MinInt64, 0), "@-9223372036854775808.000000Z"},
	} {
		if got := Stamp(c.t); got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		} else if !beginsWithStamp(got + "-") {
			t.Errorf("%s: %q does not look like a stamp", c.name, got)
		}
	}
}

func TestCopyPath(t *testing.T) {
	for _, c := range []struct {
		name, source string
		n            int
		folder, file string
	}{
		{"ordinary", "/etc/hosts", 0, "copies/etc", momentStamp + "-hosts"},
		{"second", "/etc/hosts", 1, "copies/etc", momentStamp + "~1-hosts"},
		{"kept as they are", "/a:b/c. .", 12, "copies/a:b", momentStamp + "~12-c. ."},
		{"escaped", "/.git/%2E", 0, "copies/%2Egit", momentStamp + "-%252E"},
		{"looks like a copy", "/a/" + momentStamp + "-100%/f", 0, "copies/a/%32026-11-23T04-48-12.174276Z-100%25", momentStamp + "-f"},
		{"looks like a far copy", "/a/@-1.000000Z~x", 0, "copies/a", momentStamp + "-@-1.000000Z~x"},
		{"in a folder that looks like a far copy", "/a/@-1.000000Z~x/f", 0, "copies/a/%40-1.000000Z~x", momentStamp + "-f"},
		{"at the top", "/hosts", 0, "copies", momentStamp + "-hosts"},
		{"nearly a copy", "/" + momentStamp + "/@x/@1.00000Z-/@.000000Z-/a", 0,
			"copies/" + momentStamp + "/@x/@1.00000Z-/@.000000Z-", momentStamp + "-a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if folder, err := Usual.CopyFolder(c.source); err != nil || folder != c.folder {
				t.Errorf("folder %q, %v; want %q", folder, err, c.folder)
			}
			if path, err := Usual.CopyPath(c.source, moment, c.n); err != nil || path != c.folder+"/"+c.file {
				t.Errorf("path %q, %v; want %q", path, err, c.folder+"/"+c.file)
			}
		})
	}
}

func TestCopyPathShortens(t *testing.T) {
	const head = momentStamp + "-"
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct{ name, base, want string }{
		{"fits", x(227), head + x(227)},
		{"plain", x(228), head + x(210) + "~" + hash(x(228))},
		{"extension", x(251) + ".txt", head + x(206) + "~" + hash(x(251)+".txt") + ".txt"},
		{"longest extension", x(239) + "." + x(15), head + x(194) + "~" + hash(x(239)+"."+x(15)) + "." + x(15)},
		{"no extension", x(239) + "." + x(16), head + x(210) + "~" + hash(x(239)+"."+x(16))},
		{"hidden", "." + x(250), head + "." + x(209) + "~" + hash("."+x(250))},
		{"runes", strings.Repeat("€", 80), head + strings.Repeat("€", 70) + "~" + hash(strings.Repeat("€", 80))},
		{"escapes", ".git:" + strings.Repeat("%", 90), head + "%2Egit:" + strings.Repeat("%25", 67) + "~" + hash(".git:"+strings.Repeat("%", 90))},
	} {
		got, err := Usual.CopyPath("/"+c.base, moment, 0)
		if name := got[strings.LastIndex(got, "/")+1:]; err != nil || name != c.want || len(name) > 255 {
			t.Errorf("%s: %q, %v\nwant %q", c.name, name, err, c.want)
		}
	}
}

func TestCopyPathRefuses(t *testing.T) {
	if got, err := Usual.CopyPath("/a", moment, -1); err == nil {
		t.Errorf("negative suffix: %q", got)
	}
	if got, err := Usual.CopyPath("a", moment, 0); err == nil {
		t.Errorf("relative source: %q", got)
	}
	source := strings.Repeat("/"+strings.Repeat("d", 200), 20) + "/" + strings.Repeat("d", 60)
	if _, err := Usual.CopyFolder(source); err != nil {
		t.Fatal(err)
	}
	_, err := Usual.CopyPath(source, moment, 0)
	if tooLong := (*TooLongError)(nil); !errors.As(err, &tooLong) {
		t.Errorf("long source: %v; want a *TooLongError", err)
	}
}

// TestCutNeverSplits keeps shortened names whole: no rune and no escape is cut off.
func TestCutNeverSplits(t *testing.T) {
	for n := range 300 {
		name := strings.Repeat("x", n) + strings.Repeat("é%", 200)
		if short := string(appendShort(nil, name)); !utf8.ValidString(short) || strings.HasSuffix(short, "%2") || strings.HasSuffix(short, "%") {
			t.Fatalf("shortened to %q", short)
		}
		if head := cut(strings.Repeat("é%25", 80), n); !utf8.ValidString(head) || strings.HasSuffix(head, "%2") || strings.HasSuffix(head, "%") || n-len(head) > 2 {
			t.Fatalf("cut to %q, at %d", head, n)
		}
	}
}

// FuzzCopyPath looks at two versions at once: they share nothing that they should not.
func FuzzCopyPath(f *testing.F) {
	f.Add("/etc/hosts", int64(0), int64(0), 0, "/etc/hosts/1970-01-01T00-00-00.000000Z-hosts", int64(0), int64(999), 1)
	f.Add("/a", int64(lastSecond+1), int64(0), 0, "/a/@253402300800.000000Z-a/b", int64(0), int64(0), 0)
	f.Add("/a/.git", int64(1), int64(0), 3, "/a/%2Egit", int64(1), int64(0), 3)
	f.Add("/"+strings.Repeat("x", 256), int64(1), int64(1), 0, "/"+strings.Repeat("x", 257), int64(1), int64(1), 0)
	f.Fuzz(func(t *testing.T, s1 string, sec1, ns1 int64, n1 int, s2 string, sec2, ns2 int64, n2 int) {
		t1, t2 := time.Unix(sec1, ns1), time.Unix(sec2, ns2)
		p1, err1 := Usual.CopyPath(s1, t1, n1)
		p2, err2 := Usual.CopyPath(s2, t2, n2)
		if err1 != nil || err2 != nil {
			return
		}
		if same := s1 == s2 && Stamp(t1) == Stamp(t2) && n1 == n2; (p1 == p2) != same {
			t.Fatalf("(%q, %v, %d) and (%q, %v, %d): %q and %q", s1, t1, n1, s2, t2, n2, p1, p2)
		}
		f1, _ := Usual.CopyFolder(s1)
		f2, _ := Usual.CopyFolder(s2)
		if above := func(s string) string { return s[:strings.LastIndexByte(s, '/')] }; (f1 == f2) != (above(s1) == above(s2)) {
			t.Fatalf("%q and %q: folders %q and %q", s1, s2, f1, f2)
		}
		for _, folder := range []string{f1, f2} {
			if strings.HasPrefix(folder+"/", p1+"/") {
				t.Fatalf("copy %q lies in the way of folder %q", p1, folder)
			}
		}
		for name := range strings.SplitSeq(p1, "/") {
			if len(name) > maxName {
				t.Fatalf("component %q of %d bytes", name, len(name))
			}
		}
	})
}

func TestCopySource(t *testing.T) {
	long := "/etc/" + strings.Repeat("n", 300)
	for _, source := range []string{"/f", "/etc/hosts", "/etc/a-b c", "/w/.git/%41", "/w/" + momentStamp + "-f/x", "/w/HEAD", `/w/.git\x`} {
		for _, s := range Spellings() {
			path, err := s.CopyPath(source, moment, 1)
			if err != nil {
				t.Fatal(err)
			}
			if got, isCopy, ok := CopySource(path); got != source || !isCopy || !ok {
				t.Errorf("%s: %q, %v, %v; want %q", path, got, isCopy, ok, source)
			}
			folder, _ := s.CopyFolder(source + "/x")
			if got, isCopy, ok := CopySource(folder); got != source || isCopy || !ok {
				t.Errorf("%s: %q, %v, %v; want the folder %q", folder, got, isCopy, ok, source)
			}
			if !slices.Contains(CopyFolders(source+"/x"), folder) {
				t.Errorf("%s is not among the folders of copies of %s", folder, source)
			}
		}
	}
	for _, path := range []string{"files/etc/hosts", "copies", "copies/etc/%~0123456789abcdef~n/" + momentStamp + "-f", CopyFolders(long + "/x")[0]} {
		if got, _, ok := CopySource(path); ok {
			t.Errorf("%s: %q; want none", path, got)
		}
	}
}
