package repo

import (
	"strconv"
	"strings"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// committer is the destination's own user.name and user.email, else the running user.
func (r *Writer) committer() Identity {
	who := Identity{Name: r.work.Config.Get("user", "name"), Email: r.work.Config.Get("user", "email")}
	if who.Name == "" {
		who.Name = r.opts.Ident.Name
	}
	if who.Email == "" {
		who.Email = r.opts.Ident.Email
	}
	return Identity{Name: cleanIdent(who.Name, "timemachine"), Email: cleanIdent(who.Email, "timemachine@localhost")}
}

// author is the owner of the file.
func (r *Writer) author(rec *record.Record, when time.Time) object.Signature {
	name := cleanIdent(rec.User, strconv.FormatUint(uint64(rec.UID), 10))
	return object.Signature{Name: name, Email: strings.ReplaceAll(name, " ", "-") + "@" + cleanIdent(r.opts.Host, "localhost"), When: clampDate(when).In(r.opts.Zone)}
}

// lag is how far a clock is behind, in words: to the minute, or in days where it is two or more.
func lag(d time.Duration) string {
	if days := d / (24 * time.Hour); days >= 2 {
		return strconv.FormatInt(int64(days), 10) + " days"
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}

const clockSlack = time.Hour

// committerDate is the committer date for a version captured at now on a parent committed at
// parent: never older than the parent's where the clock went back by up to an hour; beyond that the
// true time, and ok is false.
func committerDate(now, parent time.Time) (when time.Time, ok bool) {
	back := parent.Sub(now)
	switch {
	case back <= 0:
		return now, true
	case back <= clockSlack:
		return parent, true
	}
	return now, false
}
