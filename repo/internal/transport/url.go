package transport

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"timemachine/repo/internal/transport/fault"
)

// The protocols.
const (
	schemeFile = "file"
	schemeSSH  = "ssh"
	schemeGit  = "git"
	schemeHTTP = "http"
)

// endpoint is a parsed URL.
type endpoint struct {
	scheme   string
	user     string
	password string
	host     string // without brackets
	port     string // "": the usual one
	path     string
	tls      bool   // https
	text     string // the URL without its password
	query    string // of http
}

// String is the URL without its password.
func (e *endpoint) String() string { return e.text }

// address is the host with the port, if the URL has one.
func (e *endpoint) address() string {
	if e.port == "" {
		return e.host
	}
	return net.JoinHostPort(e.host, e.port)
}

// dial is the address to connect to.
func (e *endpoint) dial(port string) string {
	if e.port != "" {
		port = e.port
	}
	return net.JoinHostPort(e.host, port)
}

// parseURL reads a URL as git does (git-clone(1), GIT URLS).
func parseURL(text string) (*endpoint, error) {
	for _, c := range []byte(text) {
		if c < ' ' || c == 0x7f {
			return nil, fault.New(Protocol, "the URL holds a control character", nil)
		}
	}
	scheme, _, hasScheme := strings.Cut(text, "://")
	if !hasScheme {
		return parseShort(text)
	}
	u, err := url.Parse(text)
	if err != nil {
		// The error would quote the password.
		return nil, fault.New(Protocol, "the URL is malformed", nil)
	}
	e := &endpoint{host: u.Hostname(), port: u.Port(), path: u.Path, user: u.User.Username(), query: u.RawQuery}
	e.password, _ = u.User.Password()
	if u.User != nil && e.password != "" {
		u.User = url.User(e.user)
	}
	e.text = u.String()
	switch strings.ToLower(scheme) {
	case "file":
		// git takes what follows as it stands, with "%" and "?".
		e.scheme, e.path, e.text = schemeFile, text[len("file://"):], text
		return e, nil
	case "ssh", "git+ssh", "ssh+git":
		e.scheme = schemeSSH
		if strings.HasPrefix(e.path, "/~") {
			e.path = e.path[1:]
		}
	case "git":
		e.scheme = schemeGit
	case "http", "https":
		e.scheme, e.tls = schemeHTTP, strings.EqualFold(scheme, "https")
	default:
		return nil, fault.New(Unsupported, fmt.Sprintf("protocol %q is not known", scheme), nil)
	}
	if e.host == "" || e.path == "" && e.scheme != schemeHTTP {
		return nil, fault.New(Protocol, "the URL names no host or no path", nil)
	}
	return e, nil
}

// parseShort reads a path, or user@host:path.
func parseShort(text string) (*endpoint, error) {
	if helper, _, ok := strings.Cut(text, "::"); ok && !strings.ContainsAny(helper, "/@[") && helper != "" {
		return nil, fault.New(Unsupported, fmt.Sprintf("the remote helper %q is not started", helper), nil)
	}
	login, path, ok := cutLogin(text)
	if !ok {
		if text == "" {
			return nil, fault.New(Protocol, "the URL is empty", nil)
		}
		return &endpoint{scheme: schemeFile, path: text, text: text}, nil
	}
	e := &endpoint{scheme: schemeSSH, path: path, text: text}
	inner, around := strings.CutPrefix(login, "[") // [user@host:port]:path
	if around = around && strings.Contains(login, "@"); around {
		login = strings.TrimSuffix(inner, "]")
	}
	e.host = login
	if i := strings.LastIndexByte(login, '@'); i >= 0 {
		e.user, e.host = login[:i], login[i+1:]
	}
	if inner, ok := strings.CutPrefix(e.host, "["); ok || around {
		e.host = strings.TrimSuffix(inner, "]")
		if host, port, ok := strings.Cut(e.host, ":"); ok && !strings.Contains(port, ":") {
			e.host, e.port = host, port // [host:port]:path
		}
	}
	if e.host == "" || path == "" {
		return nil, fault.New(Protocol, "the URL names no host or no path", nil)
	}
	return e, nil
}

// cutLogin splits user@host:path. It is false for a path of this machine: one with a slash before
// the first colon, or without a colon. The host may stand in brackets.
func cutLogin(text string) (login, path string, ok bool) {
	start := 0
	if at := strings.Index(text, "["); at >= 0 && !strings.ContainsAny(text[:at], "/:") && (at == 0 || text[at-1] == '@') {
		end := strings.IndexByte(text[at:], ']')
		if end < 0 {
			return "", "", false
		}
		start = at + end
	}
	colon := strings.IndexByte(text[start:], ':')
	if colon < 0 || strings.ContainsRune(text[:start+colon], '/') {
		return "", "", false
	}
	return text[:start+colon], text[start+colon+1:], true
}
