package hint

import (
	"slices"
	"strings"
	"testing"
	"time"

	"timemachine/repo/refusal"
	"timemachine/watch/config"
)

// TestSettingsOfHints: each line of the configuration that a hint spells can be read, and changes
// one key of the user's push alone.
func TestSettingsOfHints(t *testing.T) {
	own := config.Push{Remote: "./it's a remote", Branch: "hosts/{hostname}", Timeout: 5 * time.Minute, With: config.PushGit, Private: true}
	for kind := range pushing {
		for _, p := range []*Push{nil, {Settings: own}, {Settings: config.Push{Remote: "origin", Timeout: config.DefaultPushTimeout, With: config.PushAuto}}} {
			s := Speller{Program: "timemachine", Push: p}
			words := s.Words(refusal.Remedy{Kind: kind, Dest: "/d", Remote: "ssh://git@host:22/a b.git", Branch: "refs/heads/main", Host: "host"})
			_, line, found := strings.Cut(words, "push: {")
			if !found {
				continue
			}
			line = "push: {" + line[:strings.LastIndexByte(line, '}')+1]
			c, err := config.Parse("/c", []byte(line+"\n"), config.Env{})
			if err != nil {
				t.Errorf("%s: %v", line, err)
				continue
			}
			if p == nil {
				continue
			}
			was, is := p.Settings, *c.Push
			changed := []bool{was.Remote != is.Remote, was.Branch != is.Branch, was.Timeout != is.Timeout, was.With != is.With, was.Private != is.Private}
			if n := len(slices.DeleteFunc(changed, func(c bool) bool { return !c })); n > 1 {
				t.Errorf("%s changes %d keys of %+v", line, n, was)
			}
		}
	}
}

// TestPushAgainFromAnywhere: what waits for a person or is refused names the push that comes next,
// with what finds the place; the failure of a fetch does not.
func TestPushAgainFromAnywhere(t *testing.T) {
	s := Speller{Program: "timemachine", Push: &Push{Place: []string{"-c", "/a/config.dat", "-d", "/b"}}}
	for kind := range pushing {
		r := refusal.Remedy{Kind: kind, Dest: "/d", Remote: "origin", Branch: "refs/heads/main", Host: "host"}
		push := ": timemachine push -c /a/config.dat -d /b"
		if kind == refusal.AllowPrivate {
			push += " --private"
		}
		again := strings.HasSuffix(s.Words(r), push)
		switch kind {
		case refusal.AddRemote, refusal.SetRemoteURL, refusal.NameURL, refusal.CorrectURL, refusal.RaiseTimeout:
		default:
			if !again {
				t.Errorf("%s names no push", s.Words(r))
			}
		}
		r.Branch = ""
		if kind != refusal.PushAgain && strings.Contains(s.Words(r), "timemachine push") {
			t.Errorf("%s names a push", s.Words(r))
		}
	}
}
