//go:build system

package transport_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/transport"
)

// secureShell is a real sshd, into which this user may log in with the keys of a home folder. A
// login has an empty home, so that its shell reads no profile of this machine's.
type secureShell struct {
	server
	testing.TB
	dir  string
	home string
	port int
	user string
}

var keyTypes = []string{"ed25519", "ecdsa", "rsa"}

func startSSH(t testing.TB) *secureShell {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	h := &secureShell{TB: t, dir: t.TempDir(), home: t.TempDir(), port: freePort(t), user: me.Username}
	if err := errors.Join(os.MkdirAll("/run/sshd", 0o755), os.Mkdir(filepath.Join(h.home, ".ssh"), 0o700)); err != nil {
		t.Fatal(err)
	}
	h.makeKey(filepath.Join(h.dir, "ca"), "ed25519", "")
	config := fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nAuthorizedKeysFile %s/authorized\nAcceptEnv none\nSetEnv HOME=%s\n", h.port, h.dir, t.TempDir())
	for _, kind := range keyTypes {
		name := filepath.Join(h.dir, "host_"+kind)
		h.makeKey(name, kind, "")
		config += "HostKey " + name + "\n"
	}
	h.run("ssh-keygen", "-q", "-s", filepath.Join(h.dir, "ca"), "-I", "host", "-h", "-n", "127.0.0.1", filepath.Join(h.dir, "host_ed25519.pub"))
	config += "HostCertificate " + filepath.Join(h.dir, "host_ed25519-cert.pub") + "\n"
	h.write(filepath.Join(h.dir, "sshd_config"), config)
	h.root = t.TempDir()
	h.url = func(name string) string {
		return fmt.Sprintf("ssh://%s@127.0.0.1:%d%s/%s", h.user, h.port, h.root, name)
	}
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		sshd = "/usr/sbin/sshd"
	}
	cmd := exec.Command(sshd, "-D", "-e", "-f", filepath.Join(h.dir, "sshd_config"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	await(t, h.port)
	h.o = transport.Options{Credentials: transport.Credentials{User: h.user, Home: h.home}}
	return h
}

func (h *secureShell) run(name string, args ...string) string {
	h.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		h.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return string(out)
}

func (h *secureShell) makeKey(name, kind, passphrase string) {
	h.Helper()
	args := []string{"-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", name}
	if kind == "rsa" {
		args = append(args, "-b", "2048") // the quickest to make
	}
	h.run("ssh-keygen", args...)
}

func (h *secureShell) write(name, text string) {
	h.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
}

func (h *secureShell) read(name string) string {
	h.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		h.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// login makes a key of this user's, with which alone the host lets in.
func (h *secureShell) login(kind, passphrase string) (name string) {
	h.Helper()
	for _, k := range keyTypes {
		for _, suffix := range []string{"", ".pub"} {
			_ = os.Remove(filepath.Join(h.home, ".ssh/id_"+k+suffix))
		}
	}
	name = filepath.Join(h.home, ".ssh/id_"+kind)
	h.makeKey(name, kind, passphrase)
	h.write(filepath.Join(h.dir, "authorized"), h.read(name+".pub")+"\n")
	return name
}

// know writes lines of known hosts: patterns, and whose key.
func (h *secureShell) know(lines ...string) string {
	h.Helper()
	name := filepath.Join(h.home, ".ssh/known_hosts")
	h.write(name, strings.Join(lines, "\n")+"\n")
	return name
}

func (h *secureShell) line(patterns, key string) string {
	h.Helper()
	return patterns + " " + h.read(filepath.Join(h.dir, key+".pub"))
}

func (h *secureShell) here() string { return fmt.Sprintf("[127.0.0.1]:%d", h.port) }

// TestSSH speaks with a real sshd.
func TestSSH(t *testing.T) {
	h := startSSH(t)
	h.login("ed25519", "")
	h.know(h.line(h.here(), "host_ed25519"))
	exercise(t, &h.server)
	// The short spelling, a path with quotes, and no user given.
	s := newSource(t)
	tip := s.commit(1)
	path := filepath.Join(h.root, "it's !here $HOME")
	h.run("git", "init", "-q", "--bare", "-b", "main", path)
	if err := s.push(fmt.Sprintf("[127.0.0.1:%d]:%s", h.port, path), "refs/heads/main", tip, h.o); err != nil {
		t.Fatal(err)
	}
	s.has(path, "main", tip)
}

// TestAgain pushes thrice over one connection, and asks in between. A push that is refused ends it.
func TestAgain(t *testing.T) {
	h := startSSH(t)
	h.login("ed25519", "")
	h.know(h.line(h.here(), "host_ed25519"))
	path, url := h.repository(t)
	s := newSource(t)
	session, err := transport.Open(ctx, url, h.o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { session.Close() }()
	var old object.ID
	for range 3 {
		tip := s.commit(1)
		if err := session.Push(ctx, transport.Update{Ref: "refs/heads/main", Old: old, New: tip}, s.pack(tip, old)); err != nil {
			t.Fatal(err)
		}
		next, ok := session.Again()
		if !ok || next.Refs()["refs/heads/main"] != tip {
			t.Fatalf("again: %v", ok)
		}
		session, old = next, tip
	}
	s.has(path, "main", old)
	if err := session.Push(ctx, transport.Update{Ref: "refs/heads/main", Old: s.commit(1), New: old}, nil); err == nil {
		t.Error("a push from elsewhere is taken")
	}
	if _, ok := session.Again(); ok {
		t.Error("a refused push leaves the connection open")
	}
	// A connection that has ended is noticed, whenever that was.
	for range 20 {
		s := newSource(t)
		_, url := h.repository(t)
		session, err := transport.Open(ctx, url, h.o)
		if err != nil {
			t.Fatal(err)
		}
		tip := s.commit(1)
		if err := session.Push(ctx, transport.Update{Ref: "refs/heads/main", New: tip}, s.pack(tip)); err != nil {
			t.Fatal(err)
		}
		session.Close()
		if _, ok := session.Again(); ok {
			t.Error("a closed connection is used")
		}
	}
}

// TestKnownHosts reads what files of known hosts can say.
func TestKnownHosts(t *testing.T) {
	h := startSSH(t)
	h.login("ed25519", "")
	_, url := h.repository(t)
	try := func() error {
		_, err := transport.Refs(ctx, url, h.o)
		return err
	}
	good := func(lines ...string) {
		t.Helper()
		h.know(lines...)
		if err := try(); err != nil {
			t.Errorf("%v", err)
		}
	}
	bad := func(kind transport.Kind, lines ...string) {
		t.Helper()
		file := h.know(lines...)
		err := try()
		wantKind(t, err, kind)
		var e *transport.Error
		if errors.As(err, &e) && (e.File != file || e.Host != strings.Trim(strings.ReplaceAll(h.here(), "]", ""), "[")) {
			t.Errorf("file %q, host %q", e.File, e.Host)
		}
	}
	for _, kind := range keyTypes {
		good(h.line(h.here(), "host_"+kind))
		good(h.line("127.0.0.1", "host_"+kind)) // without the port, as ssh takes it too
		bad(transport.HostKeyChanged, h.line(h.here(), "ca"))
	}
	good(h.line(h.here(), "ca"), h.line(h.here(), "host_ed25519")) // the old and the new one
	good("# a comment", "", "not a line", "host 1024 35 1234567", h.line(h.here(), "host_rsa")+" a comment", "[x]:1 ssh-future AAAA")
	good(h.line("other,!10.0.0.1,[127.*]:*", "host_ecdsa"))
	good(h.line("@cert-authority *", "ca"))
	bad(transport.HostKeyUnknown, "")
	bad(transport.HostKeyUnknown, h.line("other", "host_ed25519"))
	bad(transport.HostKeyUnknown, h.line("!"+h.here()+",!127.0.0.1,*", "host_ed25519"))
	bad(transport.HostKeyUnknown, h.line("@cert-authority *.example", "ca"))
	bad(transport.HostKeyChanged, h.line("@revoked *", "host_ed25519"), h.line(h.here(), "host_ed25519"))
	// Hashed by ssh-keygen.
	file := h.know(h.line("example", "host_rsa"), h.line(h.here(), "host_ecdsa"))
	h.run("ssh-keygen", "-q", "-H", "-f", file)
	if strings.Contains(h.read(file), "127.0.0.1") {
		t.Fatal("not hashed")
	}
	if err := try(); err != nil {
		t.Errorf("hashed: %v", err)
	}
	// The key is shown as ssh-keygen shows it; a missing file is as an empty one; the system's
	// counts.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	err := try()
	wantKind(t, err, transport.HostKeyUnknown)
	var e *transport.Error
	if !errors.As(err, &e) || !strings.Contains(h.run("ssh-keygen", "-lf", filepath.Join(h.dir, "host_"+strings.ToLower(strings.Fields(e.Key)[0]))), strings.Fields(e.Key)[1]) {
		t.Errorf("key %+v", e)
	}
	h.o.Credentials.KnownHosts = []string{filepath.Join(h.dir, "global")}
	h.write(h.o.Credentials.KnownHosts[0], h.line(h.here(), "host_rsa")+"\n")
	if err := try(); err != nil {
		t.Errorf("global: %v", err)
	}
	checkGoroutines(t)
}

// TestLogin logs in with keys of each type, by files and by an agent, and says why it cannot.
func TestLogin(t *testing.T) {
	h := startSSH(t)
	h.know(h.line(h.here(), "host_ed25519"))
	_, url := h.repository(t)
	try := func() error {
		_, err := transport.Refs(ctx, url, h.o)
		return err
	}
	for _, kind := range keyTypes {
		h.login(kind, "")
		if err := try(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	name := h.login("ed25519", "a passphrase")
	err := try()
	wantKind(t, err, transport.AuthFailed, "passphrase", name)
	// An agent holds a key that has no file.
	name = h.login("ecdsa", "")
	socket := filepath.Join(h.dir, "agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	stop := func() { _ = agent.Process.Kill(); _ = agent.Wait() }
	t.Cleanup(stop)
	for range 3000 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	add := exec.Command("ssh-add", "-q", name)
	add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	h.o.Credentials.AgentSocket = socket
	if err := try(); err != nil {
		t.Errorf("agent: %v", err)
	}
	// An agent that does not answer does not hold a login up for ever.
	if err := agent.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	h.o.Quiet = 3 * time.Second
	wantKind(t, try(), transport.AuthFailed, "agent does not answer")
	h.o.Quiet = 0
	stop()
	wantKind(t, try(), transport.AuthFailed, "agent does not answer")
	h.o.Credentials.AgentSocket = ""
	wantKind(t, try(), transport.AuthFailed, "no key")
	h.login("ed25519", "")
	h.write(filepath.Join(h.dir, "authorized"), "")
	wantKind(t, try(), transport.AuthFailed, h.user)
	h.write(filepath.Join(h.home, ".ssh/id_ed25519"), "no key\n")
	wantKind(t, try(), transport.AuthFailed, "cannot be read")
	checkGoroutines(t)
}

// TestSSHForced is a host that runs another program, or none.
func TestSSHForced(t *testing.T) {
	h := startSSH(t)
	name := h.login("ed25519", "")
	h.know(h.line(h.here(), "host_ed25519"))
	_, url := h.repository(t)
	for command, c := range map[string]struct {
		kind  transport.Kind
		lines string
	}{
		"echo welcome": {transport.Protocol, ""},
		"echo 'ERROR: Repository not found.' >&2":   {transport.NoRepository, "ERROR: Repository not found."},
		"echo 'you may not do this' >&2":            {transport.NoRepository, "you may not do this"},
		"echo 'fatal: Permission denied to u' >&2;": {transport.Forbidden, "fatal: Permission denied to u"},
		"exec sleep 60": {transport.Unreachable, ""},
	} {
		h.write(filepath.Join(h.dir, "authorized"), fmt.Sprintf("command=%q %s\n", command, h.read(name+".pub")))
		o, word := h.o, ""
		if c.kind == transport.Unreachable {
			o.Quiet, word = 2*time.Second, "no answer in time"
		}
		_, err := transport.Refs(ctx, url, o)
		wantKind(t, err, c.kind, word)
		var e *transport.Error
		if errors.As(err, &e) && strings.Join(e.Lines, "|") != c.lines {
			t.Errorf("%s: %q", command, e.Lines)
		}
	}
	checkGoroutines(t)
}
