package transport

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// login is a user and a password for http(s).
type login struct {
	user, password string
	from           string // the file it stands in; "": none
}

// logins lists what to log in to a host with, in the order in which it is tried: the URL's own, the
// environment's, that of ~/.netrc.
func (c *Credentials) logins(e *endpoint) (all []login, err error) {
	if e.password != "" {
		all = append(all, login{user: e.user, password: e.password})
	}
	if password := c.lookup("TIMEMACHINE_PUSH_PASSWORD"); password != "" {
		user := c.lookup("TIMEMACHINE_PUSH_USER")
		if e.user != "" {
			user = e.user
		}
		all = append(all, login{user: user, password: password})
	}
	if c.Home == "" {
		return all, nil
	}
	file := filepath.Join(c.Home, ".netrc")
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, &Error{Kind: AuthFailed, Msg: "the passwords cannot be read", File: file, Err: err}
	}
	if l, ok := findNetrc(string(text), e.host, e.user); ok {
		l.from = file
		all = append(all, l)
	}
	return all, nil
}

// findNetrc looks a host up in a .netrc file, as curl does for git: the first entry of the host
// counts, where user is set that of the user, else the default entry.
func findNetrc(text, host, user string) (login, bool) {
	var found login
	match, ok := false, false
	words := netrcWords(text)
	for i := 0; i < len(words); i++ {
		value := ""
		if i+1 < len(words) {
			value = words[i+1]
		}
		switch words[i] {
		case "machine", "default":
			if match && found.password != "" && (user == "" || found.user == user) {
				return found, true
			}
			match = words[i] == "default" || strings.EqualFold(value, host)
			found = login{}
			if words[i] == "machine" {
				i++
			}
		case "login":
			found.user = value
			i++
		case "password":
			found.password = value
			i++
		case "account":
			i++
		}
	}
	ok = match && found.password != "" && (user == "" || found.user == user || found.user == "")
	if found.user == "" {
		found.user = user
	}
	return found, ok
}

// netrcWords splits a .netrc file into words. A word may stand in double quotes, with backslashes
// before quotes in it. Lines that begin with "#" are comments; a macro ends with an empty line.
func netrcWords(text string) (words []string) {
	macro := false
	for line := range strings.Lines(text) {
		rest := strings.TrimSpace(line)
		if macro {
			macro = rest != ""
			continue
		}
		for rest != "" && rest[0] != '#' {
			var word string
			word, rest = cutWord(rest)
			if word == "macdef" {
				macro = true
				break
			}
			words = append(words, word)
		}
	}
	return words
}

func cutWord(text string) (word, rest string) {
	if text[0] != '"' {
		end := strings.IndexAny(text, " \t\r")
		if end < 0 {
			return text, ""
		}
		return text[:end], strings.TrimLeft(text[end:], " \t\r")
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case text[i] == '"':
			return b.String(), strings.TrimLeft(text[i+1:], " \t\r")
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String(), ""
}
