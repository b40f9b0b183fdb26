//go:build system

package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"timemachine/repo/repotest"
)

// pushWorld is a destination, a home with keys, and servers on loopback with remotes below root.
type pushWorld struct {
	t                                *testing.T
	bin, home, src, conf, dest, root string
	ssh, git, http                   int // ports; 0: not started
	versions                         int
}

// ways are what can speak with a remote.
var ways = []string{"git", "builtin"}

func newPushWorld(t *testing.T) *pushWorld {
	t.Helper()
	top := t.TempDir()
	w := &pushWorld{t: t, bin: buildBinary(t), home: filepath.Join(top, "home"), src: filepath.Join(top, "src"), conf: filepath.Join(top, "conf"),
		dest: filepath.Join(top, "dest"), root: filepath.Join(top, "remotes")}
	for _, dir := range []string{w.home, filepath.Join(w.home, ".ssh"), w.src, w.conf, w.root} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.key("id_ed25519", "")
	w.configure("")
	if out, code := w.run("init"); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	// git's ssh takes the home from the user database: it is led to that of the test
	w.write(filepath.Join(w.home, ".ssh/config"), fmt.Sprintf("UserKnownHostsFile %s/.ssh/known_hosts\nGlobalKnownHostsFile /dev/null\nIdentityFile %s/.ssh/id_ed25519\nIdentitiesOnly yes\n", w.home, w.home))
	w.tool("git", "-C", w.dest, "config", "core.sshCommand", "ssh -F "+w.home+"/.ssh/config")
	w.record()
	return w
}

func (w *pushWorld) write(path, text string) {
	w.t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *pushWorld) tool(name string, args ...string) string {
	w.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s %v: %v %s", name, args, err, out)
	}
	return string(out)
}

// configure writes the configuration; push is the mapping of push without its braces, "" for none.
func (w *pushWorld) configure(push string) {
	text := "watch: [" + w.src + "]\n"
	if push != "" {
		text += "push: {" + push + ", private: yes}\n"
	}
	w.write(filepath.Join(w.conf, "config.dat"), text)
}

// run runs the program as cron does, in an empty environment but for a home that is the test's.
func (w *pushWorld) run(args ...string) (string, int) {
	w.t.Helper()
	cmd := w.command(args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func (w *pushWorld) command(args ...string) *exec.Cmd {
	cmd := exec.Command("env", append([]string{"-i", "PATH=/usr/bin:/bin", "HOME=" + w.home, w.bin, "-cl", w.conf, "-d", w.dest}, args...)...)
	cmd.Dir = "/"
	return cmd
}

// record makes a version, without a push.
func (w *pushWorld) record() {
	w.t.Helper()
	w.versions++
	w.write(filepath.Join(w.src, "file"), strings.Repeat("x", w.versions))
	w.configure("")
	if out, code := w.run(); code != 0 || out != "" {
		w.t.Fatalf("exit %d: %s", code, out)
	}
}

// push pushes by hand, and wants an exit status and a text.
func (w *pushWorld) push(code int, want string) {
	w.t.Helper()
	out, got := w.run("push")
	if got != code || !regexp.MustCompile(want).MatchString(out) {
		w.t.Errorf("exit %d, want %d: %q in\n%s", got, code, want, out)
	}
	if strings.ContainsAny(out, "\x1b\x07") || strings.Contains(out, "geheim") {
		w.t.Errorf("%q", out)
	}
}

// toldOnce wants the next run to tell of a failed push, and the one after that to say nothing.
func (w *pushWorld) toldOnce(want string) {
	w.t.Helper()
	if out, code := w.run(); code != 0 || !regexp.MustCompile(want).MatchString(out) {
		w.t.Errorf("exit %d: %q in\n%s", code, want, out)
	}
	if out, code := w.run(); code != 0 || out != "" {
		w.t.Errorf("once more, exit %d: %s", code, out)
	}
}

// arrived wants the remote to hold what the destination holds.
func (w *pushWorld) arrived(remote, branch string) {
	w.t.Helper()
	here := strings.TrimSpace(repotest.Git(w.t, w.dest, "rev-parse", "main"))
	if there := strings.TrimSpace(repotest.Git(w.t, remote, "rev-parse", branch)); there != here {
		w.t.Errorf("the remote is at %s, the destination at %s", there, here)
	}
	repotest.Git(w.t, remote, "fsck", "--strict")
	if a, b := repotest.Git(w.t, w.dest, "ls-tree", "-r", here), repotest.Git(w.t, remote, "ls-tree", "-r", branch); a != b {
		w.t.Error("the trees differ")
	}
}

// bare makes a bare repository below root.
func (w *pushWorld) bare(name string) string {
	w.t.Helper()
	dir := filepath.Join(w.root, name)
	w.tool("git", "init", "-q", "--bare", "-b", "main", dir)
	w.tool("git", "-C", dir, "config", "http.receivepack", "true")
	return dir
}

// key makes a key pair in .ssh of the home.
func (w *pushWorld) key(name, passphrase string) {
	w.t.Helper()
	w.tool("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", filepath.Join(w.home, ".ssh", name))
}

// freePort is a port of loopback that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// serve starts a server that listens on a port, and ends it and its children with the test. The
// test fails where it does not start.
func (w *pushWorld) serve(port int, name string, args ...string) *exec.Cmd {
	w.t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path = "/usr/sbin/" + name; exec.Command("test", "-x", path).Run() != nil {
			w.t.Fatalf("%s is not installed: .ci/run installs it", name)
		}
	}
	log, err := os.Create(filepath.Join(w.t.TempDir(), filepath.Base(name)+".log"))
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		log.Close()
	})
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(25 * time.Millisecond) {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			conn.Close()
			return cmd
		}
	}
	text, _ := os.ReadFile(log.Name())
	w.t.Fatalf("%s does not listen: %s", name, text)
	return nil
}

// startSSH starts sshd with an ed25519 and an ecdsa key, and lets the home know its keys. A login
// has an empty home, so that its shell reads no profile of this machine's.
func (w *pushWorld) startSSH() *exec.Cmd {
	w.t.Helper()
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // sshd wants it
		w.t.Fatal(err)
	}
	dir := w.t.TempDir()
	for _, kind := range []string{"ed25519", "ecdsa"} {
		w.tool("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", filepath.Join(dir, kind))
	}
	keys, err := os.ReadFile(filepath.Join(w.home, ".ssh/id_ed25519.pub"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(filepath.Join(dir, "keys"), string(keys))
	w.ssh = freePort(w.t)
	w.write(filepath.Join(dir, "conf"), fmt.Sprintf("HostKey %s/ed25519\nHostKey %s/ecdsa\nAuthorizedKeysFile %s/keys\nStrictModes no\nPidFile none\nUsePAM no\nPasswordAuthentication no\nListenAddress 127.0.0.1\nMaxStartups 1000\nSetEnv HOME=%s\n", dir, dir, dir, w.t.TempDir()))
	cmd := w.serve(w.ssh, "sshd", "-D", "-e", "-f", filepath.Join(dir, "conf"), "-p", strconv.Itoa(w.ssh))
	w.know(filepath.Join(dir, "ed25519.pub"))
	return cmd
}

// know makes a public key the only one that known_hosts has for the ssh server.
func (w *pushWorld) know(pub string) {
	w.t.Helper()
	key, err := os.ReadFile(pub)
	if err != nil {
		w.t.Fatal(err)
	}
	f := strings.Fields(string(key))
	w.write(filepath.Join(w.home, ".ssh/known_hosts"), fmt.Sprintf("[127.0.0.1]:%d %s %s\n", w.ssh, f[0], f[1]))
}

// startDaemon starts git daemon.
func (w *pushWorld) startDaemon() *exec.Cmd {
	w.t.Helper()
	w.git = freePort(w.t)
	return w.serve(w.git, "git", "daemon", "--reuseaddr", "--listen=127.0.0.1", fmt.Sprint("--port=", w.git), "--base-path="+w.root, "--export-all", "--enable=receive-pack")
}

// startHTTP starts lighttpd with git http-backend: everything below /git, with the password geheim
// below /auth, and nothing below /forbidden.
func (w *pushWorld) startHTTP() *exec.Cmd {
	w.t.Helper()
	backend := filepath.Join(strings.TrimSpace(w.tool("git", "--exec-path")), "git-http-backend")
	w.http = freePort(w.t)
	dir := w.t.TempDir()
	w.write(filepath.Join(dir, "passwords"), "user:geheim\n")
	w.write(filepath.Join(dir, "conf"), strings.NewReplacer("@root", w.root, "@port", strconv.Itoa(w.http), "@backend", backend, "@dir", dir).Replace(`server.document-root = "@root"
server.port = @port
server.bind = "127.0.0.1"
server.modules = ("mod_access", "mod_auth", "mod_authn_file", "mod_alias", "mod_setenv", "mod_cgi")
server.upload-dirs = ("@dir")
cgi.assign = ("" => "")
alias.url = ("/git" => "@backend", "/auth" => "@backend")
setenv.set-environment = ("GIT_PROJECT_ROOT" => "@root", "GIT_HTTP_EXPORT_ALL" => "1", "REMOTE_USER" => "somebody")
auth.backend = "plain"
auth.backend.plain.userfile = "@dir/passwords"
$HTTP["url"] =~ "^/auth" { auth.require = ("" => ("method" => "basic", "realm" => "git", "require" => "valid-user")) }
$HTTP["url"] =~ "^/forbidden" { url.access-deny = ("") }
`))
	return w.serve(w.http, "lighttpd", "-D", "-f", filepath.Join(dir, "conf"))
}

// sshURL, gitURL and httpURL are addresses of a remote.
func (w *pushWorld) sshURL(remote string) string {
	return fmt.Sprintf("ssh://root@127.0.0.1:%d%s", w.ssh, remote)
}

func (w *pushWorld) gitURL(name string) string {
	return fmt.Sprintf("git://127.0.0.1:%d/%s", w.git, name)
}

func (w *pushWorld) httpURL(name string) string {
	return fmt.Sprintf("http://127.0.0.1:%d/%s", w.http, name)
}

// TestPushTransports: each transport works in both ways from cron's environment, with the key types
// that known_hosts holds; what arrives is equal to the destination.
func TestPushTransports(t *testing.T) {
	w := newPushWorld(t)
	sshd := w.startSSH()
	w.startDaemon()
	w.startHTTP()
	dir := filepath.Dir(strings.Fields(strings.Join(sshd.Args, " "))[4])
	for _, way := range ways {
		for _, c := range []struct {
			name, password string
			url            func(name, dir string) string
		}{
			{"path", "", func(_, dir string) string { return dir }},
			{"file", "", func(_, dir string) string { return "file://" + dir }},
			{"ssh", "", func(_, dir string) string { return w.sshURL(dir) }},
			{"ecdsa", "", func(_, dir string) string { return w.sshURL(dir) }},
			{"git", "", func(name, _ string) string { return w.gitURL(name) }},
			{"http", "", func(name, _ string) string { return w.httpURL("git/" + name) }},
			{"url", "", func(name, _ string) string {
				return strings.Replace(w.httpURL("auth/"+name), "//", "//user:geheim@", 1)
			}},
			{"netrc", "machine 127.0.0.1 login user password geheim\n", func(name, _ string) string { return w.httpURL("auth/" + name) }},
		} {
			t.Run(way+" "+c.name, func(t *testing.T) {
				w.t = t
				kind := "ed25519.pub"
				if c.name == "ecdsa" {
					kind = "ecdsa.pub"
				}
				w.know(filepath.Join(dir, kind))
				w.write(filepath.Join(w.home, ".netrc"), c.password)
				remote := w.bare(way + c.name)
				settings := fmt.Sprintf("remote: '%s', branch: hosts/a, with: %s", c.url(way+c.name, remote), way)
				w.configure(settings)
				w.push(0, `^(?s:.*)pushed \d+ commits? to .*, branch hosts/a\n$`)
				w.arrived(remote, "hosts/a")
				w.record()
				w.configure(settings)
				if out, code := w.run(); code != 0 || out != "" {
					t.Errorf("exit %d: %s", code, out)
				}
				w.arrived(remote, "hosts/a")
				w.push(0, "has everything")
			})
		}
	}
	repotest.MustCheck(t, w.dest)
}

// TestPushFaults: each fault is told in one sentence, leaves the history intact, and the next try
// works when it is mended.
func TestPushFaults(t *testing.T) {
	w := newPushWorld(t)
	sshd := w.startSSH()
	w.startDaemon()
	w.startHTTP()
	dir := filepath.Dir(strings.Fields(strings.Join(sshd.Args, " "))[4])
	known, keys := filepath.Join(w.home, ".ssh/known_hosts"), filepath.Join(w.home, ".ssh")
	w.key("other", "")
	w.key("closed", "secret")
	move := func(from, to string) {
		if err := os.Rename(filepath.Join(keys, from), filepath.Join(keys, to)); err != nil {
			w.t.Error(err)
		}
	}
	hook := func(remote, name, text string) {
		if err := os.WriteFile(filepath.Join(remote, "hooks", name), []byte("#!/bin/sh\n"+text+"\nexit 1\n"), 0o755); err != nil {
			w.t.Error(err)
		}
	}
	type fault struct {
		name         string
		url          func(name, dir string) string
		break_, mend func(remote string)
		want         string
	}
	sshURL := func(_, dir string) string { return w.sshURL(dir) }
	httpURL := func(place string) func(name, dir string) string {
		return func(name, _ string) string { return w.httpURL(place + "/" + name) }
	}
	path := func(_, dir string) string { return dir }
	fixed := func(url string) func(string, string) string { return func(string, string) string { return url } }
	nothing := func(string) {}
	for _, f := range []fault{
		{"no known_hosts line", sshURL, func(string) { w.write(known, "") }, func(string) { w.know(filepath.Join(dir, "ed25519.pub")) }, `ERRthe host key of 127.0.0.1 is not known`},
		{"rotated host key", sshURL, func(string) { w.know(filepath.Join(keys, "other.pub")) }, func(string) { w.know(filepath.Join(dir, "ed25519.pub")) },
			`ERRthe host key of 127.0.0.1 has changed(?s:.*)hint: .*ssh-keygen -R '\[127.0.0.1\]:\d+'`},
		{"no key", sshURL, func(string) { move("id_ed25519", "away") }, func(string) { move("away", "id_ed25519") }, `ERR127.0.0.1 accepts no key or password that there is`},
		{"another key", sshURL, func(string) { move("id_ed25519", "away"); move("other", "id_ed25519") }, func(string) { move("id_ed25519", "other"); move("away", "id_ed25519") },
			`ERR127.0.0.1 accepts no key or password that there is(?s:.*)hint: .*ssh-copy-id -p \d+ root@127.0.0.1`},
		{"key with a passphrase", sshURL, func(string) { move("id_ed25519", "away"); move("closed", "id_ed25519") }, func(string) { move("id_ed25519", "closed"); move("away", "id_ed25519") },
			`ERR127.0.0.1 accepts no key or password that there is`},
		{"no repository", func(_, dir string) string { return w.sshURL(dir + "none") }, nothing, nil, `ERRthere is no such repository`},
		{"unresolved", fixed("ssh://git@no-such-host.invalid/x.git"), nothing, nil, `ERRthe name no-such-host.invalid cannot be resolved`},
		{"refused", fixed("ssh://git@127.0.0.1:9/x.git"), nothing, nil, `ERR127.0.0.1 refuses the connection`},
		{"git refused", fixed("git://127.0.0.1:9/x.git"), nothing, nil, `ERR127.0.0.1 refuses the connection`},
		{"http refused", fixed("http://127.0.0.1:9/x.git"), nothing, nil, `ERR127.0.0.1 refuses the connection`},
		{"http unresolved", fixed("http://no-such-host.invalid/x.git"), nothing, nil, `ERRthe name no-such-host.invalid cannot be resolved`},
		{"git no repository", fixed(w.gitURL("none")), nothing, nil, `ERRthere is no such repository`},
		{"http no repository", httpURL("git/none"), nothing, nil, `ERRthere is no such repository`},
		{"no password", httpURL("auth"), nothing, func(string) {
			w.write(filepath.Join(w.home, ".netrc"), "machine 127.0.0.1 login user password geheim\n")
		},
			`ERR127.0.0.1 accepts no key or password that there is(?s:.*)hint: .*\.netrc`},
		{"wrong password", httpURL("auth"), func(string) {
			w.write(filepath.Join(w.home, ".netrc"), "machine 127.0.0.1 login user password geheimer\n")
		},
			func(string) {
				w.write(filepath.Join(w.home, ".netrc"), "machine 127.0.0.1 login user password geheim\n")
			}, `ERR127.0.0.1 accepts no key or password that there is`},
		{"forbidden", httpURL("forbidden"), nothing, nil, `ERR127.0.0.1 denies it: the login may lack the right to push`},
		{"hook", sshURL, func(remote string) { hook(remote, "pre-receive", `printf '\033[31mno\033[0m\007 to you\n' >&2`) }, func(remote string) { os.Remove(remote + "/hooks/pre-receive") },
			`remote: \\033\[31mno\\033\[0m\\007 to you\n(?s:.*)ERRa hook of the remote declines it`},
		{"http hook", httpURL("git"), func(remote string) { hook(remote, "update", `echo protected >&2`) }, func(remote string) { os.Remove(remote + "/hooks/update") },
			`remote: protected\n(?s:.*)ERRa hook of the remote declines it`},
		{"size", sshURL, func(remote string) {
			hook(remote, "pre-receive", `echo "error: File files/big is 101.00 MB; this exceeds GitHub's file size limit of 100.00 MB" >&2; echo "error: GH001: Large files detected." >&2`)
		}, func(remote string) { os.Remove(remote + "/hooks/pre-receive") }, `ERRit is too large for the remote`},
		{"http read-only", httpURL("git"), func(remote string) { w.tool("git", "-C", remote, "config", "http.receivepack", "false") }, func(remote string) { w.tool("git", "-C", remote, "config", "http.receivepack", "true") },
			`ERR127.0.0.1 denies it: the login may lack the right to push`},
		{"locked", sshURL, func(remote string) { w.write(remote+"/refs/heads/main.lock", "") }, func(remote string) { os.Remove(remote + "/refs/heads/main.lock") }, `ERRthe branch is locked at the remote`},
		{"foreign folder", path, func(remote string) { w.tool("chown", "-R", "65534", remote) }, func(remote string) { w.tool("chown", "-R", "0", remote) }, `ERRthe repository belongs to another user(?s:.*)hint: push as its owner, or make the repository root's`},
		{"checked out", func(_, dir string) string { return w.sshURL(dir + "tree") }, func(remote string) { w.tool("git", "init", "-q", "-b", "main", remote+"tree") },
			func(remote string) {
				w.tool("git", "-C", remote+"tree", "config", "receive.denyCurrentBranch", "ignore")
			}, `ERRthe branch is checked out there`},
		{"other history", sshURL, func(remote string) {
			w.tool("sh", "-ec", `id=$(git -C "$0" -c user.name=x -c user.email=x@y commit-tree -m README $(git -C "$0" hash-object -w -t tree /dev/null)); git -C "$0" update-ref refs/heads/main $id`, remote)
		}, func(remote string) { w.tool("git", "-C", remote, "update-ref", "-d", "refs/heads/main") },
			`ERRthe branch there holds commits that are not in this history(?s:.*)hint: nothing is forced; .*hosts/\{hostname\}`},
	} {
		for _, way := range ways {
			t.Run(way+" "+f.name, func(t *testing.T) {
				w.t = t
				w.know(filepath.Join(dir, "ed25519.pub"))
				w.write(filepath.Join(w.home, ".netrc"), "")
				name := strings.ReplaceAll(way+f.name, " ", "")
				remote := w.bare(name)
				w.record()
				settings := fmt.Sprintf("remote: '%s', with: %s", f.url(name, remote), way)
				w.configure(settings)
				f.break_(remote)
				// some URLs are the same for both ways
				os.Remove(filepath.Join(w.dest, ".git/timemachine/push"))
				w.push(1, `(?m)`+strings.Replace(f.want, "ERR", `^ERR push to .*, branch main: `, 1))
				w.write(filepath.Join(w.src, "file"), strings.Repeat("y", len(f.name)+len(way)))
				_, reason, _ := strings.Cut(f.want, "ERR")
				w.toldOnce(`(?m)^WRN push to .*, branch main: ` + reason)
				repotest.MustCheck(t, w.dest)
				if f.mend == nil {
					return
				}
				f.mend(remote)
				w.push(0, `pushed`)
				if f.name != "checked out" {
					w.arrived(remote, "main")
				}
			})
		}
	}
}

// TestSilentRemote: a server that stands still is left at the deadline, with nothing left behind,
// and the next push works.
func TestSilentRemote(t *testing.T) {
	w := newPushWorld(t)
	w.startSSH()
	daemon := w.startDaemon()
	for _, way := range ways {
		remote := w.bare(way)
		w.record()
		w.configure(fmt.Sprintf("remote: '%s', with: %s, timeout: 2s", w.gitURL(way), way))
		w.signal(daemon, syscall.SIGSTOP)
		begun := time.Now()
		w.push(1, `no answer in time: within 2s`)
		if took := time.Since(begun); took > 15*time.Second {
			t.Errorf("%s: it took %s", way, took)
		}
		w.noChildren(way, endedByUs)
		// a run is held up no longer than that, and says it once
		w.write(filepath.Join(w.src, "file"), "new "+way)
		begun = time.Now()
		w.toldOnce(`no answer in time: within 2s`)
		if took := time.Since(begun); took > 15*time.Second {
			t.Errorf("%s: the run took %s", way, took)
		}
		w.noChildren(way, endedByUs)
		w.signal(daemon, syscall.SIGCONT)
		w.push(0, `pushed`)
		w.arrived(remote, "main")
	}
	repotest.MustCheck(t, w.dest)
}

func (w *pushWorld) signal(cmd *exec.Cmd, s syscall.Signal) {
	w.t.Helper()
	if err := syscall.Kill(-cmd.Process.Pid, s); err != nil {
		w.t.Fatal(err)
	}
}

// How long processes may take to end that work on the destination.
const (
	endedThemselves = 30 * time.Second // after a killed push: a login over ssh may take seconds
	endedByUs       = 4 * time.Second  // those that a push has ended
)

// noChildren wants no process left that works on the destination.
func (w *pushWorld) noChildren(what string, within time.Duration) {
	w.t.Helper()
	left := w.children()
	for end := time.Now().Add(within); left != "" && time.Now().Before(end); left = w.children() {
		time.Sleep(50 * time.Millisecond)
	}
	if left != "" {
		w.t.Errorf("%s: left: %s", what, left)
	}
}

// children are the command lines of processes that name the destination, or work in it.
func (w *pushWorld) children() string {
	var found []string
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		cwd, _ := os.Readlink(filepath.Join(dir, "cwd"))
		if cwd == w.dest || bytes.Contains(line, []byte(w.dest)) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return strings.Join(found, "\n")
}

// TestPushKilled: pushes are killed at random moments while runs go on. The history stays whole,
// and in the end everything has arrived.
func TestPushKilled(t *testing.T) {
	w := newPushWorld(t)
	w.startSSH()
	for _, way := range ways {
		remote := w.bare(way)
		w.configure(fmt.Sprintf("remote: '%s', with: %s", w.sshURL(remote), way))
		for i := range 25 {
			for n := range 5 {
				w.write(filepath.Join(w.src, fmt.Sprint("f", n)), fmt.Sprintf("%s %d\n", way, i))
			}
			run, push := w.command(), w.command("push")
			if err := errors.Join(run.Start(), push.Start()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(i) * 15 * time.Millisecond)
			push.Process.Kill()
			push.Wait()
			if err := run.Wait(); err != nil {
				t.Errorf("round %d: %v", i, err)
			}
		}
		w.noChildren(way, endedThemselves)
		w.push(0, `pushed|has everything`)
		w.arrived(remote, "main")
	}
	repotest.MustCheck(t, w.dest)
}

// TestPushCutInTransfer: the connection ends in the middle of the pack. The next push brings it
// all.
func TestPushCutInTransfer(t *testing.T) {
	w := newPushWorld(t)
	w.startDaemon()
	noise := make([]byte, 8<<20)
	rand.Read(noise)
	w.write(filepath.Join(w.src, "noise"), string(noise))
	w.record()
	for _, way := range ways {
		remote := w.bare(way)
		proxy := cutAfter(t, w.git, 1<<20)
		w.configure(fmt.Sprintf("remote: 'git://%s/%s', with: %s", proxy, way, way))
		w.push(1, `the connection broke off`)
		repotest.MustCheck(t, w.dest)
		w.configure(fmt.Sprintf("remote: '%s', with: %s", w.gitURL(way), way))
		w.push(0, `pushed`)
		w.arrived(remote, "main")
	}
}

// TestPushToFullAndReadOnly: a remote whose disk is full, and one that is mounted read-only.
func TestPushToFullAndReadOnly(t *testing.T) {
	w := newPushWorld(t)
	w.startSSH()
	noise := make([]byte, 3<<20)
	rand.Read(noise)
	for _, way := range ways {
		for _, local := range []bool{true, false} {
			w.record()
			w.write(filepath.Join(w.src, "noise"), way+fmt.Sprint(local)+string(noise))
			w.record()
			disk := filepath.Join(w.root, fmt.Sprint(way, local))
			if err := os.Mkdir(disk, 0o700); err != nil {
				t.Fatal(err)
			}
			w.tool("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk)
			t.Cleanup(func() { exec.Command("umount", disk).Run() })
			remote := filepath.Join(disk, "r.git")
			w.tool("git", "init", "-q", "--bare", "-b", "main", remote)
			url := remote
			if !local {
				url = w.sshURL(remote)
			}
			w.configure(fmt.Sprintf("remote: '%s', with: %s", url, way))
			w.push(1, `branch main: the remote's disk is full`)
			w.tool("mount", "-o", "remount,ro", disk)
			w.push(1, `branch main: the remote can only be read`)
			w.tool("mount", "-o", "remount,rw,size=64m", disk)
			w.push(0, `pushed`)
			w.arrived(remote, "main")
		}
	}
	repotest.MustCheck(t, w.dest)
}

// TestPushHostileNames: a remote that checks every object takes a history of hostile names.
func TestPushHostileNames(t *testing.T) {
	w := newPushWorld(t)
	w.startSSH()
	w.startHTTP()
	for i, name := range hostileNames {
		path := filepath.Join(w.src, strconv.Itoa(i), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		w.write(path, "hostile\n")
	}
	w.configure("")
	if out, code := w.run(); code != 0 && code != 3 {
		t.Fatalf("exit %d: %s", code, out)
	}
	for _, way := range ways {
		for _, overHTTP := range []bool{false, true} {
			name := fmt.Sprint(way, overHTTP)
			remote := w.bare(name)
			w.tool("git", "-C", remote, "config", "receive.fsckObjects", "true")
			url := w.sshURL(remote)
			if overHTTP {
				url = w.httpURL("git/" + name)
			}
			w.configure(fmt.Sprintf("remote: '%s', with: %s", url, way))
			w.push(0, `pushed`)
			w.arrived(remote, "main")
		}
	}
}

// TestPushLargeFile: a forge's hook refuses a file of 101 MiB by the name of its object. The push
// names the file and its commit, and is not tried again by the next run.
func TestPushLargeFile(t *testing.T) {
	w := newPushWorld(t)
	w.startSSH()
	large := filepath.Join(w.src, "large")
	w.write(large, "")
	if err := os.Truncate(large, 101<<20); err != nil {
		t.Fatal(err)
	}
	if out, code := w.run(); code != 0 { // it warns
		t.Fatalf("exit %d: %s", code, out)
	}
	for _, way := range ways {
		remote := w.bare(way)
		hook := `#!/bin/sh
while read old new ref; do git rev-list --objects $new | git cat-file --batch-check='%(objectsize) %(objectname) %(rest)' | while read size id path; do
	if [ "$size" -gt 104857600 ]; then
		echo "GitLab: You are attempting to check in one or more files which exceed the 100MiB limit:" >&2
		echo "- $id (101 MiB)" >&2
		echo x >>tries
		exit 1
	fi
done || exit 1; done
`
		if err := os.WriteFile(filepath.Join(remote, "hooks/pre-receive"), []byte(hook), 0o755); err != nil {
			t.Fatal(err)
		}
		settings := fmt.Sprintf("remote: '%s', with: %s", w.sshURL(remote), way)
		w.configure(settings)
		w.push(1, `(?s)has 101.* MiB.* in commit .*remote: GitLab: You are attempting.*`+large+` has 101.0 MiB in commit [0-9a-f]+\n.* is `+large+` in commit [0-9a-f]+\n.*it is too large for the remote`)
		w.toldOnce(`it is too large for the remote`)
		if tries, err := os.ReadFile(filepath.Join(remote, "tries")); err != nil || len(tries) != 4 {
			t.Errorf("%s: tried %d times, %v", way, len(tries)/2, err)
		}
		os.Remove(filepath.Join(remote, "hooks/pre-receive"))
		w.push(0, `pushed`)
		w.arrived(remote, "main")
	}
}

// TestPushThroughPoorProxy: a proxy that answers 500 twice, and takes no chunked request.
func TestPushThroughPoorProxy(t *testing.T) {
	w := newPushWorld(t)
	w.startHTTP()
	target := &url.URL{Scheme: "http", Host: fmt.Sprint("127.0.0.1:", w.http)}
	for _, way := range ways {
		failures := 2
		proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			switch {
			case failures > 0:
				failures--
				http.Error(rw, "out of order", http.StatusInternalServerError)
			case len(r.TransferEncoding) > 0:
				http.Error(rw, "length required", http.StatusLengthRequired)
			default:
				httputil.NewSingleHostReverseProxy(target).ServeHTTP(rw, r)
			}
		}))
		t.Cleanup(proxy.Close)
		remote := w.bare(way)
		w.write(filepath.Join(w.src, "noise"), strings.Repeat(way, 1<<18))
		w.record()
		w.configure(fmt.Sprintf("remote: '%s/git/%s', with: %s", proxy.URL, way, way))
		w.push(1, `branch main: the server is out of order`)
		w.toldOnce(`branch main: the server is out of order`)
		w.push(0, `pushed`)
		w.arrived(remote, "main")
	}
}

// cutAfter passes connections on to a port of loopback, and cuts each when so many bytes have gone
// there. It returns its address.
func cutAfter(t *testing.T, port, limit int) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
			if err != nil {
				from.Close()
				return
			}
			go io.Copy(from, to)
			go func() {
				io.CopyN(to, from, int64(limit))
				to.Close()
				from.Close()
			}()
		}
	}()
	return l.Addr().String()
}
