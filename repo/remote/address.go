package remote

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// address is where a remote is: a URL, git's short form HOST:PATH of an ssh URL, or a path.
type address struct {
	raw    string
	scheme string // ssh, git, http, https …; "" for a path
	user   string
	secret string // the password, or for http the user where that may be a token
	host   string
	port   string
	path   string
}

var withScheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*)://(.*)$`)

// parseAddress takes an address apart, as git does.
func parseAddress(raw string) address {
	a := address{raw: raw}
	m := withScheme.FindStringSubmatch(raw)
	if m == nil {
		colon, slash := strings.IndexByte(raw, ':'), strings.IndexByte(raw, '/')
		if colon <= 0 || slash >= 0 && slash < colon {
			a.path = raw
			return a
		}
		a.scheme, a.path = "ssh", raw[colon+1:]
		a.setHost(raw[:colon])
		return a
	}
	a.scheme = strings.ToLower(m[1])
	if a.scheme == "file" {
		a.scheme, a.path = "", m[2]
		if !strings.HasPrefix(a.path, "/") { // git takes a host for the first folder
			a.path = "//" + a.path
		}
		return a
	}
	end := strings.IndexAny(m[2], "/?#")
	if end < 0 {
		end = len(m[2])
	}
	a.path = m[2][end:]
	a.setHost(m[2][:end])
	if a.isHTTP() && a.secret == "" {
		a.secret = a.user
	}
	return a
}

// folder is the absolute path of a remote on this machine, "" for another one. A relative path
// starts in a folder: for git, in the one that holds the repository.
func (a *address) folder(base string) string {
	switch {
	case a.scheme != "":
		return ""
	case filepath.IsAbs(a.path):
		return a.path
	}
	return filepath.Join(base, a.path)
}

// setHost takes USER:PASSWORD@HOST:PORT apart.
func (a *address) setHost(s string) {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		a.user, a.secret, _ = strings.Cut(s[:i], ":")
		s = s[i+1:]
	}
	a.host = s
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		a.host, a.port = s[:i], s[i+1:]
	}
	a.host = strings.Trim(a.host, "[]")
}

func (a *address) isHTTP() bool { return a.scheme == "http" || a.scheme == "https" }

// shown is the address for messages: without a password, and for http without the user, which may
// be a token.
func (a *address) shown() string {
	switch {
	case a.scheme == "", a.secret == "" && !strings.ContainsAny(a.path, "?"):
		return a.raw
	case a.scheme == "ssh" && !strings.Contains(a.raw, "://"):
		return a.user + "@" + a.host + ":" + a.path
	}
	host := a.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if a.port != "" {
		host += ":" + a.port
	}
	if a.user != "" && !a.isHTTP() {
		host = a.user + "@" + host
	}
	path, _, _ := strings.Cut(a.path, "?")
	return a.scheme + "://" + host + path
}

var credentials = regexp.MustCompile(`(?i)\b(https?://)[^/\s"']*@`)

// clean takes the password of the address, and those of other URLs, out of a text. Git's messages
// name URLs, and those of a remote can.
func (a *address) clean(text string) string {
	for _, secret := range a.secrets() {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return credentials.ReplaceAllString(text, "$1")
}

// secrets are the spellings of what must not be shown.
func (a *address) secrets() (list []string) {
	add := func(s string) {
		if len(s) >= 3 { // a shorter one would spoil any text
			list = append(list, s)
		}
		if plain, err := url.PathUnescape(s); err == nil && plain != s && len(plain) >= 3 {
			list = append(list, plain)
		}
	}
	add(a.secret)
	if _, query, ok := strings.Cut(a.path, "?"); ok && a.scheme != "" {
		for _, pair := range strings.Split(query, "&") {
			_, value, _ := strings.Cut(pair, "=")
			add(value)
		}
	}
	return list
}

// isURL tells whether an address is more than the name of a remote.
func isURL(s string) bool { return strings.ContainsAny(s, "/:") }
