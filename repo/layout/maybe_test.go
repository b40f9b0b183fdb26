package layout

import (
	"strings"
	"testing"
	"time"
)

func TestMayBeCopy(t *testing.T) {
	when := time.Date(2026, 11, 23, 4, 48, 12, 174276174, time.UTC)
	for _, source := range []string{"/etc/hosts", "/a/.git", "/a/%2Egit", "/a/.gitmodules", "/x/2026-11-23T04-48-12.174276Z-x", "/a/" + strings.Repeat("x", 255),
		"/a/.git" + strings.Repeat(" ", 200), "/a/back\\.git", "/README", "/a/-", "/a/~1-b"} {
		for _, s := range Spellings() {
			for _, n := range []int{0, 1, 12} {
				for _, at := range []time.Time{when, time.Unix(firstSecond-1, 0)} {
					path, err := s.CopyPath(source, at, n)
					if err != nil {
						t.Fatal(err)
					}
					if !MayBeCopy(path[strings.LastIndexByte(path, '/')+1:]) || !s.IsCopyPath(path, source, at) {
						t.Errorf("%s is no copy's name", path)
					}
					if s.IsCopyPath(path, source+"x", at) || s.IsCopyPath(path, source, at.Add(time.Millisecond)) || s.IsCopyPath(path+"x", source, at) {
						t.Errorf("%s is the copy of another version", path)
					}
				}
			}
		}
	}
	for _, name := range []string{"hosts", "notes-hosts", "2026-11-23-hosts",
		"2026-11-23T04-48-12.174276Z~-hosts", "2026-11-23T04-48-12.174276Z~1", "2026-11-23T04-48-12.174276Z-", "2026-11-23T04-48-12.174276Zhosts"} {
		if MayBeCopy(name) {
			t.Errorf("%s is a copy's name", name)
		}
	}
}
