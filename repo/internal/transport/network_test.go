package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/transport"
	"timemachine/repo/repotest"
)

// server is a way to reach the repositories in a folder.
type server struct {
	root string              // of the repositories
	url  func(string) string // of a repository by its name
	kill func()              // ends it with its children
	o    transport.Options
}

// repository makes a bare repository that the server serves.
func (v *server) repository(t testing.TB, args ...string) (path, url string) {
	t.Helper()
	path, err := os.MkdirTemp(v.root, "repository")
	if err != nil {
		t.Fatal(err)
	}
	repotest.Git(t, path, append([]string{"init", "-q", "--bare", "-b", "main"}, args...)...)
	repotest.Git(t, path, "config", "http.receivepack", "true")
	return path, v.url(filepath.Base(path))
}

// daemon starts git daemon.
func daemon(t testing.TB) *server {
	t.Helper()
	v := &server{root: t.TempDir()}
	port := freePort(t)
	cmd := exec.Command("git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack", "--base-path="+v.root, "--listen=127.0.0.1", fmt.Sprint("--port=", port), v.root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v.kill = sync.OnceFunc(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	t.Cleanup(v.kill)
	await(t, port)
	v.url = func(name string) string { return fmt.Sprintf("git://127.0.0.1:%d/%s", port, name) }
	return v
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// await waits until a port is listened to.
func await(t testing.TB, port int) {
	t.Helper()
	for range 3000 {
		c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
		if err == nil {
			c.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the server does not start")
}

// web starts git http-backend behind a web server; around sees each request first.
func web(t testing.TB, around func(w http.ResponseWriter, r *http.Request, next http.Handler)) *server {
	t.Helper()
	v := &server{root: t.TempDir()}
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(out)), "git-http-backend"), Root: "/",
		Env:        []string{"GIT_PROJECT_ROOT=" + v.root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull},
		InheritEnv: []string{"PATH"}, Stderr: io.Discard,
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && (r.ContentLength < 0 || len(r.TransferEncoding) > 0 || r.Header.Get("Content-Encoding") != "") {
			t.Error("a request without its length, or compressed")
		}
		if around != nil {
			around(w, r, backend)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	v.url = func(name string) string { return s.URL + "/" + name }
	return v
}

// exercise pushes to a server, reads from it, and lets it refuse.
func exercise(t *testing.T, v *server) {
	s := newSource(t)
	path, url := v.repository(t)
	first := s.commit(3)
	if err := s.push(url, "refs/heads/main", first, v.o); err != nil {
		t.Fatal(err)
	}
	s.has(path, "main", first)
	tip := s.commit(2)
	if err := s.push(url, "refs/heads/hosts/web1", tip, v.o); err != nil {
		t.Fatal(err)
	}
	repotest.Git(t, path, "config", "receive.fsckObjects", "true")
	if err := s.push(url, "refs/heads/main", tip, v.o); err != nil {
		t.Fatal(err)
	}
	s.has(path, "main", tip)

	refs, err := transport.Refs(ctx, url, v.o)
	if err != nil {
		t.Fatal(err)
	}
	if len(refs) != 3 || refs["HEAD"] != tip || refs["refs/heads/main"] != tip || refs["refs/heads/hosts/web1"] != tip {
		t.Errorf("references: %v", refs)
	}
	var pack bytes.Buffer
	if err := transport.Fetch(ctx, url, v.o, []object.ID{tip}, &pack); err != nil {
		t.Fatal(err)
	}
	clone := newBare(t)
	cmd := exec.Command("git", "-C", clone, "index-pack", "--stdin", "--strict", "--check-self-contained-and-connected")
	cmd.Stdin = &pack
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	repotest.Git(t, clone, "update-ref", "refs/heads/main", tip.String())
	s.has(clone, "main", tip)

	// An update that the remote refuses.
	other := newSource(t)
	unrelated := other.commit(2)
	repotest.Git(t, path, "config", "receive.denyNonFastForwards", "true")
	session, err := transport.Open(ctx, url, v.o)
	if err != nil {
		t.Fatal(err)
	}
	err = session.Push(ctx, transport.Update{Ref: "refs/heads/main", Old: tip, New: unrelated}, other.pack(unrelated))
	session.Close()
	wantKind(t, err, transport.Rejected, "non-fast-forward")
	s.has(path, "main", tip)

	// A repository that is not there.
	_, err = transport.Open(ctx, v.url("missing"), v.o)
	wantKind(t, err, transport.NoRepository)
	_, err = transport.Refs(ctx, v.url("missing"), v.o)
	wantKind(t, err, transport.NoRepository)

	// A hook that declines, with escape sequences in its text.
	hook := "#!/bin/sh\nprintf 'first \\033[31mline\\nlast line\\n' >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(path, "hooks/pre-receive"), []byte(hook), 0o700); err != nil {
		t.Fatal(err)
	}
	err = s.push(url, "refs/heads/main", s.commit(1), v.o)
	wantKind(t, err, transport.Rejected, "hook declined")
	var e *transport.Error
	if !errors.As(err, &e) || strings.Join(e.Lines, "|") != "first \x1b[31mline|last line" {
		t.Errorf("the hook's text: %q", e.Lines)
	}
	s.has(path, "main", tip)

	// A hook that works on after the branch has moved is not cut short.
	if err := errors.Join(os.Remove(filepath.Join(path, "hooks/pre-receive")),
		os.WriteFile(filepath.Join(path, "hooks/post-receive"), []byte("#!/bin/sh\nsleep 0.5; echo one >&2; sleep 0.5; echo two >after\n"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := s.push(url, "refs/heads/main", s.id("HEAD"), v.o); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(path, "after")); err != nil {
		t.Errorf("the hook was cut short: %v", err)
	}

	// Objects by SHA-256.
	_, url = v.repository(t, "--object-format=sha256")
	_, err = transport.Open(ctx, url, v.o)
	wantKind(t, err, transport.Unsupported, "sha256")

	// Nothing is left of all that.
	checkGoroutines(t)
}

// checkGoroutines waits until no goroutine of the package is left.
func checkGoroutines(t *testing.T) {
	t.Helper()
	var stacks string
	for range 3000 {
		b := make([]byte, 1<<20)
		stacks = string(b[:runtime.Stack(b, true)])
		if !strings.Contains(strings.ReplaceAll(stacks, "internal/transport_test", ""), "internal/transport.") && !strings.Contains(stacks, "crypto/ssh.") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("goroutines are left:\n%s", stacks)
}

// TestDaemon speaks with git daemon.
func TestDaemon(t *testing.T) { exercise(t, daemon(t)) }

// TestWeb speaks with git http-backend.
func TestWeb(t *testing.T) { exercise(t, web(t, nil)) }

// TestWebLarge pushes a pack that does not fit into memory, from a file and made twice, and thick
// packs where the remote wants no thin ones.
func TestWebLarge(t *testing.T) {
	v := web(t, nil)
	s := newSource(t)
	noise := bytes.Repeat([]byte("0123456789abcdef\n"), 1<<17)
	for i := range noise {
		noise[i] ^= byte(i * i >> 7)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "large"), noise, 0o600); err != nil {
		t.Fatal(err)
	}
	tip := s.commit(1)
	made := 0
	for _, spool := range []func() (*os.File, error){nil, func() (*os.File, error) { made++; return os.CreateTemp(t.TempDir(), "spool") }} {
		path, url := v.repository(t)
		o := v.o
		o.Spool = spool
		if err := s.push(url, "refs/heads/main", tip, o); err != nil {
			t.Fatal(err)
		}
		s.has(path, "main", tip)
	}
	if made != 1 {
		t.Errorf("%d files made", made)
	}
}

// TestWebPassword logs in by what the URL, the environment and .netrc give.
func TestWebPassword(t *testing.T) {
	const user, password = "alice", `s"e cret`
	anonymous := atomic.Int32{}
	v := web(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		u, p, ok := r.BasicAuth()
		if !ok {
			anonymous.Add(1)
		}
		if u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
	s := newSource(t)
	tip := s.commit(1)
	path, url := v.repository(t)
	host := strings.TrimPrefix(url, "http://")
	home := t.TempDir()
	netrc := func(text string) transport.Options {
		if err := os.WriteFile(filepath.Join(home, ".netrc"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return transport.Options{Credentials: transport.Credentials{Home: home}}
	}
	env := transport.Options{Credentials: transport.Credentials{Lookup: func(name string) (string, bool) {
		value, ok := map[string]string{"TIMEMACHINE_PUSH_USER": user, "TIMEMACHINE_PUSH_PASSWORD": password}[name]
		return value, ok
	}}}
	for _, c := range []struct {
		url string
		o   transport.Options
		err string
	}{
		{"http://alice:s%22e%20cret@" + host, transport.Options{}, ""},
		{url, env, ""},
		{url, netrc("machine other.example login bob password x\n# machine 127.0.0.1 login x password y\nmacdef init\nmachine 127.0.0.1\n\nmachine 127.0.0.1\n\tlogin alice\n\tpassword \"s\\\"e cret\"\n"), ""},
	} {
		anonymous.Store(0)
		if err := s.push(c.url, "refs/heads/main", tip, c.o); err != nil {
			t.Errorf("%v", err)
		}
		if anonymous.Load() > 1 {
			t.Errorf("%d requests without a password", anonymous.Load())
		}
		s.has(path, "main", tip)
		tip = s.commit(1)
	}
	for url, o := range map[string]transport.Options{
		url:                          {},
		"http://alice:wrong@" + host: {},
		"http://bob@" + host:         netrc("machine 127.0.0.1 login alice password \"s\\\"e cret\"\n"),
	} {
		err := s.push(url, "refs/heads/main", tip, o)
		wantKind(t, err, transport.AuthFailed)
		if strings.Contains(err.Error(), "wrong") {
			t.Errorf("a password in %q", err)
		}
		var e *transport.Error
		if !errors.As(err, &e) || strings.Join(e.Lines, "|") != "who are you?" {
			t.Errorf("the server's words: %q", e.Lines)
		}
	}
}

// TestWebFaults lets a server fail in its ways.
func TestWebFaults(t *testing.T) {
	type handler = func(w http.ResponseWriter, r *http.Request, next http.Handler)
	var now atomic.Value
	v := web(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) { now.Load().(handler)(w, r, next) })
	s := newSource(t)
	tip := s.commit(1)
	path, url := v.repository(t)
	status := func(code int, method string) handler {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == method {
				http.Error(w, "no", code)
				return
			}
			next.ServeHTTP(w, r)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for code, kind := range map[int]transport.Kind{500: transport.OutOfOrder, 502: transport.OutOfOrder, 429: transport.OutOfOrder, 401: transport.AuthFailed, 403: transport.Forbidden,
			404: transport.NoRepository, 413: transport.Rejected, 418: transport.Protocol} {
			now.Store(status(code, method))
			wantKind(t, s.push(url, "refs/heads/main", tip, v.o), kind)
		}
	}
	now.Store(handler(func(w http.ResponseWriter, r *http.Request, next http.Handler) { fmt.Fprint(w, "<html>log in") }))
	wantKind(t, s.push(url, "refs/heads/main", tip, v.o), transport.Protocol, "not as a git server")
	now.Store(handler(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		w.Header().Set("Content-Type", "application/x-git-receive-pack-advertisement")
		fmt.Fprint(w, "001f# service=git-receive-pack\n00000040nonsense")
	}))
	wantKind(t, s.push(url, "refs/heads/main", tip, v.o), transport.Unreachable)
	// Silent, and gone in the midst of the pack.
	now.Store(handler(func(w http.ResponseWriter, r *http.Request, next http.Handler) { <-r.Context().Done() }))
	o := v.o
	o.Quiet = 200 * time.Millisecond
	wantKind(t, s.push(url, "refs/heads/main", tip, o), transport.Unreachable, "no answer in time")
	now.Store(handler(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPost {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	}))
	wantKind(t, s.push(url, "refs/heads/main", tip, v.o), transport.Unreachable)
	// Elsewhere: followed when the references are asked for, not when the pack is sent.
	moved := web(t, nil)
	if err := os.Rename(path, filepath.Join(moved.root, "moved")); err != nil {
		t.Fatal(err)
	}
	now.Store(handler(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_, rest, _ := strings.Cut(r.URL.Path[1:], "/")
		http.Redirect(w, r, moved.url("moved")+"/"+rest+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
	}))
	if err := s.push(url, "refs/heads/main", tip, v.o); err != nil {
		t.Fatal(err)
	}
	s.has(filepath.Join(moved.root, "moved"), "main", tip)
	now.Store(handler(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		http.Redirect(w, r, "http://"+r.Host+"/login", http.StatusFound)
	}))
	wantKind(t, s.push(url, "refs/heads/main", tip, v.o), transport.Protocol, "leads elsewhere")
	checkGoroutines(t)
}

// pipe is a server that answers each connection as a function does.
func pipe(t testing.TB, serve func(net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); serve(c) }()
		}
	}()
	return fmt.Sprintf("git://%s/repository", l.Addr())
}

// TestUnreachable fails in the ways of the network, in time, and leaves no goroutine.
func TestUnreachable(t *testing.T) {
	s := newSource(t)
	tip := s.commit(1)
	home := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(home, ".ssh"), 0o700), os.WriteFile(filepath.Join(home, ".ssh/config"), []byte("Host *\n\tPort 2222\n host=other \"backup.invalid\"\n\tHostName 127.0.0.1\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	o := transport.Options{Credentials: transport.Credentials{Home: home}}
	silent := pipe(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	for name, c := range map[string]struct {
		url, word string
		kind      transport.Kind
	}{
		"refused":  {fmt.Sprintf("git://127.0.0.1:%d/x", freePort(t)), "refuses", transport.Unreachable},
		"no name":  {"git://no-such-host.invalid/x", "not found", transport.Unreachable},
		"silent":   {silent, "no answer in time", transport.Unreachable},
		"no ssh":   {strings.Replace(silent, "git:", "ssh:", 1), "no answer in time", transport.Unreachable},
		"alias":    {"backup.invalid:x", ".ssh/config\" says of the host is not read", transport.Unreachable},
		"no alias": {"ssh://no-such-host.invalid/x", "no such host", transport.Unreachable},
		"closed":   {pipe(t, func(net.Conn) {}), "closed", transport.Unreachable},
		"other":    {pipe(t, func(c net.Conn) { c.Read(make([]byte, 999)); fmt.Fprint(c, "220 mail.example ESMTP\r\n") }), "git's protocol", transport.Protocol},
		"error":    {pipe(t, func(c net.Conn) { c.Read(make([]byte, 999)); fmt.Fprint(c, packet("ERR access denied: /x\n")) }), "access denied", transport.Forbidden},
	} {
		began := time.Now()
		o := o
		if c.word == "no answer in time" {
			o.Quiet = 300 * time.Millisecond
		}
		err := s.push(c.url, "refs/heads/main", tip, o)
		t.Log(name, ": ", err)
		wantKind(t, err, c.kind, c.word)
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("%s: %v", name, d)
		}
	}
	checkGoroutines(t)
}

// TestEndlessReferences is a remote that never ends its list of references, in few and long lines
// or in many short ones.
func TestEndlessReferences(t *testing.T) {
	s := newSource(t)
	tip := s.commit(1)
	for _, length := range []int{30, 60_000} {
		var sent atomic.Int64
		url := pipe(t, func(c net.Conn) {
			c.Read(make([]byte, 999))
			var lines strings.Builder
			for range 2_000_000 / length {
				name := fmt.Sprintf("%s refs/heads/%0*d\n", tip, length, lines.Len())
				lines.WriteString(packet(name))
			}
			for {
				n, err := io.WriteString(c, lines.String())
				if sent.Add(int64(n)); err != nil {
					return
				}
			}
		})
		wantKind(t, s.push(url, "refs/heads/main", tip, transport.Options{}), transport.Protocol, "too many references")
		if n := sent.Load(); n > 256<<20 {
			t.Errorf("%d bytes were read", n)
		}
	}
	checkGoroutines(t)
}

// TestSilentInThePack is a remote that stops reading in the midst of the pack: the silence ends the
// push, or its context does.
func TestSilentInThePack(t *testing.T) {
	s := newSource(t)
	tip := s.commit(1)
	url := pipe(t, func(c net.Conn) {
		fmt.Fprint(c, packet("0000000000000000000000000000000000000000 capabilities^{}\x00report-status side-band-64k ofs-delta\n"), "0000")
		io.CopyN(io.Discard, c, 100_000)
		<-t.Context().Done()
	})
	endless := func(ctx context.Context, w io.Writer) (n int64, err error) {
		for err == nil {
			_, err = w.Write(make([]byte, 1<<16))
		}
		return n, err
	}
	for _, byContext := range []bool{false, true} {
		o := transport.Options{Quiet: 400 * time.Millisecond}
		limited, cancel := context.WithCancel(ctx)
		defer cancel()
		if byContext {
			o.Quiet = time.Minute
			limited, cancel = context.WithTimeout(ctx, 400*time.Millisecond)
			defer cancel()
		}
		session, err := transport.Open(ctx, url, o)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err = session.Push(limited, transport.Update{Ref: "refs/heads/main", New: tip}, endless)
		if byContext {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
		} else {
			wantKind(t, err, transport.Unreachable, "no answer in time")
		}
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("ended after %v", d)
		}
	}
	checkGoroutines(t)
}

func packet(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }

// TestReports are reports and last words of a remote, in all their forms.
func TestReports(t *testing.T) {
	s := newSource(t)
	tip := s.commit(1)
	band := func(channel byte, text string) string { return packet(string(channel) + text) }
	for name, c := range map[string]struct {
		answer string
		kind   transport.Kind // -1: none
		words  string
		lines  string
	}{
		"good":           {band(1, packet("unpack ok\n")+packet("ok refs/heads/main\n")+"0000") + "0000", -1, "", ""},
		"in pieces":      {band(1, "000eunp") + band(2, "hello\nwor") + band(1, "ack ok\n"+packet("ok refs/heads/main\n")) + band(2, "ld\n") + band(1, "0000") + "0000", -1, "", ""},
		"ng":             {band(2, "re\x1b[1mmark\n") + band(1, packet("unpack ok\n")+packet("ng refs/heads/main protected branch \x1b]0;x\a\n")+"0000") + "0000", transport.Rejected, "protected branch \x1b]0;x\a", "re\x1b[1mmark"},
		"locked":         {band(1, packet("unpack ok\n")+packet("ng refs/heads/main cannot lock ref\n")+"0000") + "0000", transport.Locked, "cannot lock ref", ""},
		"disk full":      {band(1, packet("unpack index-pack abnormal exit\n")+packet("ng refs/heads/main unpacker error\n")+"0000") + "0000", transport.Rejected, "index-pack abnormal exit", ""},
		"last words":     {band(2, "one\rtwo\n") + band(3, "the server goes down\n"), transport.Rejected, "given up", "two|the server goes down"},
		"no word of it":  {band(1, packet("unpack ok\n")+packet("ok refs/heads/other\n")+"0000") + "0000", transport.Protocol, "does not say", ""},
		"cut":            {band(2, "half\n") + band(1, packet("unpack ok\n")), transport.Unreachable, "closed", "half"},
		"nothing at all": {"", transport.Unreachable, "closed", ""},
	} {
		url := pipe(t, func(conn net.Conn) {
			fmt.Fprint(conn, packet(first(s)+" refs/heads/old\x00report-status side-band-64k no-thin\n"), packet(first(s)+" .have\n"), packet("shallow "+first(s)+"\n"), "0000")
			b := make([]byte, 1<<16)
			for seen := 0; !bytes.Contains(b[:seen], []byte("PACK")); {
				n, err := conn.Read(b[seen:])
				if err != nil {
					return
				}
				seen += n
			}
			time.Sleep(50 * time.Millisecond)
			fmt.Fprint(conn, c.answer)
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn)
		})
		session, err := transport.Open(ctx, url, transport.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if thin, offsets := session.Takes(); thin || offsets || len(session.Objects()) != 1 || len(session.Refs()) != 1 {
			t.Errorf("advertisement: %v %v %v %v", thin, offsets, session.Objects(), session.Refs())
		}
		err = session.Push(ctx, transport.Update{Ref: "refs/heads/main", New: tip}, nil)
		session.Close()
		if c.kind == -1 {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		wantKind(t, err, c.kind, c.words)
		var e *transport.Error
		if errors.As(err, &e) && strings.Join(e.Lines, "|") != c.lines {
			t.Errorf("%s: %q", name, e.Lines)
		}
	}
	checkGoroutines(t)
}

func first(s *source) string { return s.id("HEAD").String() }

// TestSlowHere takes longer to find and to pack the objects than the remote may be silent.
func TestSlowHere(t *testing.T) {
	s, v := newSource(t), daemon(t)
	tip := s.commit(1)
	path, url := v.repository(t)
	session, err := transport.Open(ctx, url, transport.Options{Quiet: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	time.Sleep(2500 * time.Millisecond)
	err = session.Push(ctx, transport.Update{Ref: "refs/heads/main", New: tip}, func(ctx context.Context, w io.Writer) (n int64, err error) {
		var pack bytes.Buffer
		if n, err = s.pack(tip)(ctx, &pack); err != nil {
			return n, err
		}
		for _, piece := range [][]byte{pack.Bytes()[:100], pack.Bytes()[100:]} {
			time.Sleep(2500 * time.Millisecond)
			if _, err := w.Write(piece); err != nil {
				return n, err
			}
		}
		return n, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.has(path, "main", tip)
}

// TestShallowRemote pushes to a remote that has a part of the history only.
func TestShallowRemote(t *testing.T) {
	s, v := newSource(t), daemon(t)
	s.commit(4)
	repotest.Git(t, v.root, "clone", "-q", "--bare", "--depth=1", "file://"+s.dir, "shallow.git")
	tip := s.commit(2)
	if err := s.push(v.url("shallow.git"), "refs/heads/main", tip, v.o); err != nil {
		t.Fatal(err)
	}
	s.has(filepath.Join(v.root, "shallow.git"), "main", tip)
}

// TestWebProxy asks a proxy for a host that only the proxy knows.
func TestWebProxy(t *testing.T) {
	s, v := newSource(t), web(t, nil)
	tip := s.commit(1)
	path, url := v.repository(t)
	target := strings.Split(url, "/")[2]
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Host != "git.example" {
			t.Errorf("asked for %q", r.URL)
		}
		r.URL.Host, r.RequestURI = target, ""
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		for key, values := range answer.Header {
			w.Header()[key] = values
		}
		w.WriteHeader(answer.StatusCode)
		io.Copy(w, answer.Body)
	}))
	defer proxy.Close()
	v.o.Credentials.Lookup = func(name string) (string, bool) { return proxy.URL, name == "http_proxy" }
	if err := s.push(strings.Replace(url, target, "git.example", 1), "refs/heads/main", tip, v.o); err != nil {
		t.Fatal(err)
	}
	s.has(path, "main", tip)
	if n := asked.Load(); n < 2 {
		t.Errorf("the proxy was asked %d times", n)
	}
}

// TestWebCertificate refuses a server whose certificate nobody vouches for.
func TestWebCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	_, err := transport.Open(ctx, server.URL+"/x", transport.Options{})
	wantKind(t, err, transport.HostKeyUnknown, "certificate")
}

// TestWebSpool has no room for the pack here: that is no fault of the remote.
func TestWebSpool(t *testing.T) {
	s, v := newSource(t), web(t, nil)
	tip := s.commit(1)
	_, url := v.repository(t)
	v.o.Spool = func() (*os.File, error) { return nil, syscall.ENOSPC }
	session, err := transport.Open(ctx, url, v.o)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	err = session.Push(ctx, transport.Update{Ref: "refs/heads/main", New: tip}, func(_ context.Context, w io.Writer) (int64, error) {
		n, err := w.Write(make([]byte, 2<<20))
		return int64(n), err
	})
	wantKind(t, err, transport.Unreachable, "cannot be kept here")
}
