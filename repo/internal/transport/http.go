package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/transport/fault"
)

// webRemote is a service over http(s) (gitprotocol-http(5)).
type webRemote struct {
	*advertisement
	o       Options
	e       *endpoint
	service string
	base    *url.URL // of the repository, after redirects
	client  *http.Client
	pool    *http.Transport
	logins  []login // that are left to try; the first is sent once the server has asked
	asked   bool
}

// openWeb reads the advertisement of a service.
func openWeb(ctx context.Context, e *endpoint, service string, o Options) (*webRemote, error) {
	scheme := "http"
	if e.tls {
		scheme = "https"
	}
	r := &webRemote{o: o, e: e, service: service, base: &url.URL{Scheme: scheme, Host: hostPort(e), Path: strings.TrimSuffix(e.path, "/"), RawQuery: e.query}}
	var err error
	if r.logins, err = o.Credentials.logins(e); err != nil {
		return nil, err
	}
	proxy := (&httpproxy.Config{
		HTTPProxy:  o.Credentials.lookup("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"),
		HTTPSProxy: o.Credentials.lookup("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
		NoProxy:    o.Credentials.lookup("no_proxy", "NO_PROXY"),
	}).ProxyFunc()
	r.pool = &http.Transport{
		Proxy: func(q *http.Request) (*url.URL, error) { return proxy(q.URL) },
		DialContext: func(dialing context.Context, _, address string) (net.Conn, error) {
			// Each request has a context, and ends with it.
			c, err := dial(dialing, context.WithoutCancel(dialing), address, o.quiet())
			if err != nil {
				return nil, err
			}
			return c, nil
		},
		DisableCompression: true,
		ForceAttemptHTTP2:  true,
		IdleConnTimeout:    o.quiet() / 2,
	}
	r.client = &http.Client{Transport: r.pool, CheckRedirect: r.redirect}
	if err := r.discover(ctx); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func hostPort(e *endpoint) string {
	if e.port == "" && !strings.Contains(e.host, ":") {
		return e.host
	}
	if e.port == "" {
		return "[" + e.host + "]"
	}
	return e.address()
}

const refsPath = "/info/refs"

var errRedirect = errors.New("the server leads elsewhere in a way that is not followed")

// redirect follows a server that moves the whole repository, but never from https to http.
func (r *webRemote) redirect(q *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	if len(via) > 10 || q.Method != http.MethodGet || !strings.HasSuffix(q.URL.Path, refsPath) || last.URL.Scheme == "https" && q.URL.Scheme != "https" {
		return errRedirect
	}
	return nil
}

// discover reads the references, and finds out which credentials the server takes.
func (r *webRemote) discover(ctx context.Context) error {
	u := *r.base
	u.Path += refsPath
	query := "service=" + r.service
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	for {
		answer, err := r.do(ctx, http.MethodGet, &u, nil, 0)
		if err != nil {
			return err
		}
		again, err := r.readRefs(answer)
		answer.Body.Close()
		if !again {
			return err
		}
	}
}

// readRefs reads an answer to discover; again tells to ask once more with the next credentials.
func (r *webRemote) readRefs(answer *http.Response) (again bool, err error) {
	if answer.StatusCode == http.StatusUnauthorized {
		return r.nextLogin(answer)
	}
	if err := r.checkStatus(answer); err != nil {
		return false, err
	}
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind != "application/x-"+r.service+"-advertisement" {
		return false, fault.New(Protocol, fmt.Sprintf("the server answers with %q, not as a git server", kind), nil)
	}
	final := answer.Request.URL
	if final.Host != r.base.Host {
		// What was for the first host is not shown to another one.
		moved := *r.e
		moved.user, moved.password, moved.host = "", "", final.Hostname()
		if r.logins, err = r.o.Credentials.logins(&moved); err != nil {
			return false, err
		}
	}
	base := *final
	base.Path, base.RawQuery = strings.TrimSuffix(base.Path, refsPath), r.base.RawQuery
	r.base = &base
	p := newPackets(answer.Body)
	line, err := p.next()
	if err == nil && bytes.HasPrefix(line, []byte("# service=")) {
		if line, err = p.next(); err == nil && len(line) > 0 {
			err = fault.New(Protocol, "the remote does not answer in git's protocol", nil)
		}
	}
	if err == nil {
		r.advertisement, err = readAdvertisement(p)
	}
	return false, err
}

// nextLogin chooses the credentials after the server has asked for some.
func (r *webRemote) nextLogin(answer *http.Response) (again bool, err error) {
	if r.asked && len(r.logins) > 0 {
		r.logins = r.logins[1:]
		if len(r.logins) == 0 {
			return false, r.denied(answer, "the server does not take the password")
		}
	}
	first := !r.asked
	r.asked = true
	if len(r.logins) == 0 {
		return false, r.denied(answer, "the server asks for a password, and there is none for it")
	}
	return first || len(r.logins) > 0, nil
}

func (r *webRemote) denied(answer *http.Response, msg string) *Error {
	e := fault.New(AuthFailed, msg, nil)
	e.Lines = wordsOf(answer)
	return e
}

// do sends a request. body is nil for none, else called for each try.
func (r *webRemote) do(ctx context.Context, method string, u *url.URL, body func() (io.ReadCloser, error), size int64) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	q.Header.Set("User-Agent", r.o.agent())
	if body != nil {
		if q.Body, err = body(); err != nil {
			return nil, err
		}
		q.GetBody, q.ContentLength = body, size
		q.Header.Set("Content-Type", "application/x-"+r.service+"-request")
		q.Header.Set("Accept", "application/x-"+r.service+"-result")
	}
	if r.asked && len(r.logins) > 0 {
		q.SetBasicAuth(r.logins[0].user, r.logins[0].password)
	}
	answer, err := r.client.Do(q)
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // it would quote the URL once more
	}
	if errors.Is(err, errRedirect) {
		err = fault.New(Protocol, errRedirect.Error(), nil)
	}
	return answer, err
}

// checkStatus gives the answers that are errors their kinds.
func (r *webRemote) checkStatus(answer *http.Response) error {
	status := answer.StatusCode
	if status == http.StatusOK {
		return nil
	}
	kind, msg := Protocol, "the server answers "+answer.Status
	switch {
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		kind = OutOfOrder
	case status == http.StatusForbidden:
		kind = Forbidden
	case status == http.StatusUnauthorized, status == http.StatusProxyAuthRequired:
		kind = AuthFailed
	case status == http.StatusNotFound, status == http.StatusGone:
		kind = NoRepository
	case status == http.StatusRequestEntityTooLarge:
		kind = Rejected
	}
	e := fault.New(kind, msg, nil)
	e.Lines = wordsOf(answer)
	return e
}

// wordsOf is what a server says beside its status, where that is text.
func wordsOf(answer *http.Response) []string {
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind != "text/plain" {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if err != nil {
		return nil
	}
	said := &remarks{head: text}
	return said.lines()
}

// call sends a request to the service.
func (r *webRemote) call(ctx context.Context, body func() (io.ReadCloser, error), size int64) (*http.Response, error) {
	u := *r.base
	u.Path += "/" + r.service
	for {
		answer, err := r.do(ctx, http.MethodPost, &u, body, size)
		if err != nil {
			return nil, err
		}
		if answer.StatusCode == http.StatusUnauthorized {
			again, err := r.nextLogin(answer)
			answer.Body.Close()
			if again {
				continue
			}
			return nil, err
		}
		err = r.checkStatus(answer)
		if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); err == nil && kind != "application/x-"+r.service+"-result" {
			err = fault.New(Protocol, fmt.Sprintf("the server answers with %q, not as a git server", kind), nil)
		}
		if err != nil {
			answer.Body.Close()
			return nil, err
		}
		return answer, nil
	}
}

func (r *webRemote) push(ctx context.Context, u Update, pack Pack) error {
	var head bytes.Buffer
	if err := r.writeRequest(&head, u, r.o.agent()); err != nil {
		return err
	}
	s := &spool{make: r.o.Spool}
	defer s.close()
	if _, err := s.Write(head.Bytes()); err != nil {
		return err
	}
	if _, err := pack(ctx, s); err != nil {
		return s.failed(err)
	}
	again := func(w io.Writer) error {
		if _, err := w.Write(head.Bytes()); err != nil {
			return err
		}
		_, err := pack(ctx, w)
		return err
	}
	answer, err := r.call(ctx, func() (io.ReadCloser, error) { return s.reader(again) }, s.size)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return r.readReport(answer.Body, u)
}

// fetch reads a pack with all that some commits lead to.
func (r *webRemote) fetch(ctx context.Context, want []object.ID, to io.Writer) error {
	var request bytes.Buffer
	if err := r.wantAll(&request, want, r.o.agent()); err != nil {
		return err
	}
	answer, err := r.call(ctx, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(request.Bytes())), nil }, int64(request.Len()))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return r.readPack(answer.Body, to)
}

func (r *webRemote) close() error {
	r.pool.CloseIdleConnections()
	return nil
}

// inMemory is the largest request that is kept in memory, in bytes.
const inMemory = 1 << 20

// spool takes a request whose length must be known before it is sent.
type spool struct {
	make func() (*os.File, error)
	size int64
	data []byte
	file *os.File
	err  error // of file
}

func (s *spool) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	switch {
	case s.file != nil:
	case s.size <= inMemory:
		s.data = append(s.data, p...)
		return len(p), nil
	case s.make == nil:
		s.data = nil // only counted
		return len(p), nil
	default:
		if s.file, s.err = s.make(); s.err == nil {
			_, s.err = s.file.Write(s.data)
		}
		s.data = nil
	}
	if s.err == nil {
		_, s.err = s.file.Write(p)
	}
	return len(p), s.err
}

// failed is the error of what was written to the spool.
func (s *spool) failed(err error) error {
	if s.err == nil {
		return err
	}
	return fault.New(Unreachable, "the pack cannot be kept here until it is sent", s.err)
}

// reader reads the request from its start. again makes it once more, where it was only counted.
func (s *spool) reader(again func(io.Writer) error) (io.ReadCloser, error) {
	switch {
	case s.file != nil:
		return io.NopCloser(io.NewSectionReader(s.file, 0, s.size)), nil
	case s.size <= inMemory:
		return io.NopCloser(bytes.NewReader(s.data)), nil
	}
	in, out := io.Pipe()
	go func() { out.CloseWithError(again(out)) }()
	return in, nil
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
	}
}
