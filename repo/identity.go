package repo

import (
	"strconv"
	"strings"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// committer is the destination's own user.name and user.email, else the running user.
func (r *Repo) committer() Identity {
	who := Identity{Name: r.config.get("user", "name"), Email: r.config.get("user", "email")}
	if who.Name == "" {
		who.Name = r.o.Ident.Name
	}
	if who.Email == "" {
		who.Email = r.o.Ident.Email
	}
	return Identity{Name: cleanIdent(who.Name, "timemachine"), Email: cleanIdent(who.Email, "timemachine@localhost")}
}

// author is the owner of the file.
func (r *Repo) author(rec *record.Record, when time.Time) object.Signature {
	name := cleanIdent(rec.User, strconv.FormatUint(uint64(rec.UID), 10))
	return object.Signature{Name: name, Email: strings.ReplaceAll(name, " ", "-") + "@" + cleanIdent(r.o.Host, "localhost"), When: clampDate(when).In(r.o.Zone)}
}

// cleanIdent makes a name that cannot break out of a commit's header: without <, >, control bytes, and without the
// white space and punctuation at its ends that git itself would strip.
func cleanIdent(s, otherwise string) string {
	s = strings.Map(func(c rune) rune {
		if c == '<' || c == '>' || c < 0x20 || c >= 0x7f && c < 0xa0 {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, ""))
	s = strings.Trim(s, " .,:;\"'\\")
	if s == "" {
		return otherwise
	}
	return s
}

// clampDate brings a time into what git's dates can say: not before 1970, not after the year 9999. The record keeps the
// true time.
func clampDate(t time.Time) time.Time {
	if t.Unix() < 0 {
		return time.Unix(0, 0)
	}
	if last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC); t.After(last) {
		return last
	}
	return t
}

const clockSlack = time.Hour

// committed is the committer date for a version captured at now on a parent committed at parent: never older than the
// parent's where the clock went back by up to an hour; beyond that the true time, and ok is false.
func committed(now, parent time.Time) (when time.Time, ok bool) {
	back := parent.Sub(now)
	switch {
	case back <= 0:
		return now, true
	case back <= clockSlack:
		return parent, true
	}
	return now, false
}
