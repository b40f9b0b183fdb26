package sshlogin

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"timemachine/repo/internal/transport/fault"
)

// knownHost is a line of a file of known hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
type knownHost struct {
	marker string // cert-authority, revoked, or ""
	key    ssh.PublicKey
	file   string
	line   int
}

// maxKnownHosts is the largest file of known hosts to read, in bytes.
const maxKnownHosts = 64 << 20

// knownHosts lists what files of known hosts say of a host. As with ssh, a host with a port of its
// own is also looked up without it, where no line has it with the port. A line that cannot be read
// is passed over. A missing file is no error.
func knownHosts(files []string, host, port string) ([]knownHost, error) {
	names := []string{strings.ToLower(host)}
	if port != "22" {
		names = []string{"[" + names[0] + "]:" + port, names[0]}
	}
	for _, name := range names {
		var found []knownHost
		for _, file := range files {
			lines, err := knownIn(file, name)
			if err != nil {
				return nil, err
			}
			found = append(found, lines...)
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, nil
}

// knownIn lists the lines of one file that match a host's name.
func knownIn(file, name string) ([]knownHost, error) {
	st, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!st.Mode().IsRegular() || st.Size() > maxKnownHosts) {
		return nil, nil
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, &fault.Error{Kind: fault.HostKeyUnknown, Msg: "the file of known hosts cannot be read", File: file, Err: err}
	}
	var found []knownHost
	n := 0
	for line := range bytes.Lines(text) {
		n++
		words := bytes.Fields(line)
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		most := 3
		if words[0][0] == '@' {
			most = 4
		}
		// What follows is a comment, of which ParseKnownHosts takes one word only.
		line = bytes.Join(words[:min(most, len(words))], []byte(" "))
		marker, patterns, key, _, _, err := ssh.ParseKnownHosts(line)
		if err != nil || !matchesHost(patterns, name) {
			continue
		}
		found = append(found, knownHost{marker, key, file, n})
	}
	return found, nil
}

// matchesHost tells whether a line's patterns mean a host: one matches, and none with "!" before.
func matchesHost(patterns []string, name string) bool {
	match := false
	for _, p := range patterns {
		p, not := strings.CutPrefix(p, "!")
		if matchesPattern(p, name) {
			if not {
				return false
			}
			match = true
		}
	}
	return match
}

func matchesPattern(pattern, name string) bool {
	if hashed, ok := strings.CutPrefix(pattern, "|1|"); ok {
		salt, sum, _ := strings.Cut(hashed, "|")
		key, err := base64.StdEncoding.DecodeString(salt)
		want, serr := base64.StdEncoding.DecodeString(sum)
		if err != nil || serr != nil {
			return false
		}
		h := hmac.New(sha1.New, key)
		h.Write([]byte(name))
		return hmac.Equal(h.Sum(nil), want)
	}
	return matchesWildcard(strings.ToLower(pattern), name)
}

// matchesWildcard matches "*" and "?" against any bytes, and nothing else against another byte.
func matchesWildcard(pattern, name string) bool {
	for i := range len(pattern) {
		switch c := pattern[i]; {
		case c == '*':
			for j := range len(name) - i + 1 {
				if matchesWildcard(pattern[i+1:], name[i+j:]) {
					return true
				}
			}
			return false
		case i >= len(name), c != '?' && c != name[i]:
			return false
		}
	}
	return len(pattern) == len(name)
}

// hostKeys compares a host's key with the known ones.
type hostKeys struct {
	known []knownHost
	files []string
	err   error // what check has said
}

// newHostKeys reads what is known of a host.
func newHostKeys(c *Config) (*hostKeys, error) {
	k := &hostKeys{}
	if c.Home != "" {
		k.files = []string{filepath.Join(c.Home, ".ssh/known_hosts"), filepath.Join(c.Home, ".ssh/known_hosts2")}
	}
	k.files = append(k.files, c.KnownHosts...)
	var err error
	k.known, err = knownHosts(k.files, c.Host, c.Port)
	return k, err
}

// algorithms are those for which a key is known, so that the host shows that key and no other; nil
// where none is known.
func (k *hostKeys) algorithms() (all []string) {
	add := func(names ...string) {
		for _, name := range names {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	for i := range k.known {
		if k.known[i].marker == "cert-authority" {
			add(ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01, ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01)
		}
	}
	for i := range k.known {
		h := &k.known[i]
		switch kind := h.key.Type(); {
		case h.marker != "":
		case kind == ssh.KeyAlgoRSA:
			add(ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		default:
			add(kind)
		}
	}
	return all
}

// check is the ssh.HostKeyCallback.
func (k *hostKeys) check(address string, remote net.Addr, key ssh.PublicKey) error {
	if c, ok := key.(*ssh.Certificate); ok && !k.has("cert-authority", c.SignatureKey) {
		key = c.Key // a certificate of an authority that is not known is no more than the key in it
	}
	certs := ssh.CertChecker{
		IsHostAuthority: func(authority ssh.PublicKey, _ string) bool { return k.has("cert-authority", authority) },
		IsRevoked:       func(c *ssh.Certificate) bool { return k.has("revoked", c.Key) || k.has("revoked", c.SignatureKey) },
		HostKeyFallback: func(_ string, _ net.Addr, key ssh.PublicKey) error { return k.checkPlain(key) },
	}
	err := certs.CheckHostKey(address, remote, key)
	var e *fault.Error
	if err != nil && !errors.As(err, &e) {
		e = k.changed("the host's certificate is not valid", key)
		e.Err = err
		err = e
	}
	k.err = err
	return err
}

func (k *hostKeys) has(marker string, key ssh.PublicKey) bool {
	return slices.ContainsFunc(k.known, func(h knownHost) bool {
		return h.marker == marker && bytes.Equal(h.key.Marshal(), key.Marshal())
	})
}

func (k *hostKeys) checkPlain(key ssh.PublicKey) error {
	switch {
	case k.has("revoked", key):
		return k.changed("the host's key is marked as revoked", key)
	case k.has("", key):
		return nil
	case slices.ContainsFunc(k.known, func(h knownHost) bool { return h.marker == "" }):
		return k.changed("the host has another key than the known one", key)
	}
	e := fault.New(fault.HostKeyUnknown, "the host's key is not known", nil)
	e.Key = describeKey(key)
	if len(k.files) > 0 {
		e.File = k.files[0]
	}
	return e
}

func (k *hostKeys) changed(msg string, key ssh.PublicKey) *fault.Error {
	e := fault.New(fault.HostKeyChanged, msg, nil)
	e.Key = describeKey(key)
	if len(k.known) > 0 {
		e.File = k.known[0].file
	}
	return e
}

// describeKey is a key as ssh shows it.
func describeKey(key ssh.PublicKey) string {
	name := strings.ToUpper(strings.TrimPrefix(strings.TrimPrefix(key.Type(), "ssh-"), "ecdsa-sha2-"))
	return name + " " + ssh.FingerprintSHA256(key)
}
