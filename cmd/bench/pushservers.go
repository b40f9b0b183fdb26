package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// pushTransport is one way to the remotes.
type pushTransport struct {
	name string
	url  func(repository string) string
}

// pushServers serve bare repositories on this machine's own address: git daemon, sshd, and a web
// server with git http-backend.
type pushServers struct {
	root      string // holds the repositories
	daemon    int    // port of git daemon
	ssh       int    // port of sshd; 0: not served
	web       *http.Server
	address   string // of the web server
	user      string
	processes []*exec.Cmd
}

// startPushServers starts the servers. Without sshd, as on a machine without openssh-server, its
// rows are missing.
func (b *bench) startPushServers() (*pushServers, error) {
	s := &pushServers{root: b.path("remotes"), user: os.Getenv("USER")}
	if s.user == "" {
		s.user = "root"
	}
	if err := os.Mkdir(s.root, 0o700); err != nil {
		return nil, err
	}
	err := s.startDaemon(b)
	if err == nil {
		err = s.startWeb(b)
	}
	if err == nil {
		err = s.startSSH(b)
	}
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *pushServers) transports() []pushTransport {
	all := []pushTransport{
		{"file", func(r string) string { return filepath.Join(s.root, r) }},
		{"git://", func(r string) string { return fmt.Sprintf("git://127.0.0.1:%d/%s", s.daemon, r) }},
		{"http", func(r string) string { return "http://" + s.address + "/" + r }},
	}
	if s.ssh != 0 {
		all = append(all, pushTransport{"ssh", func(r string) string {
			return fmt.Sprintf("ssh://%s@127.0.0.1:%d%s", s.user, s.ssh, filepath.Join(s.root, r))
		}})
	}
	return all
}

// startDaemon starts git daemon.
func (s *pushServers) startDaemon(b *bench) (err error) {
	if s.daemon, err = freePort(b.ctx); err != nil {
		return err
	}
	return s.start(b, s.daemon, "git", "daemon", "--reuseaddr", "--listen=127.0.0.1", fmt.Sprint("--port=", s.daemon), "--export-all",
		"--enable=receive-pack", "--base-path="+s.root, s.root)
}

// startWeb starts the web server.
func (s *pushServers) startWeb(b *bench) error {
	libexec, err := b.output(b.dir, "--exec-path")
	if err != nil {
		return err
	}
	var listen net.ListenConfig
	l, err := listen.Listen(b.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.address = l.Addr().String()
	backend := &cgi.Handler{Path: filepath.Join(libexec, "git-http-backend"), Dir: s.root,
		Env: append(b.environment, "GIT_PROJECT_ROOT="+s.root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=bench")}
	s.web = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if err := tellLength(q, b.dir); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		backend.ServeHTTP(w, q)
	})}
	go s.web.Serve(l)
	return nil
}

// tellLength makes a body whose length is not told, as git sends large ones, one with a length: CGI
// knows no other. Other web servers do the same.
func tellLength(q *http.Request, dir string) error {
	if q.ContentLength >= 0 {
		return nil
	}
	f, err := os.CreateTemp(dir, "body")
	if err != nil {
		return err
	}
	os.Remove(f.Name()) // the descriptor goes with the request's body
	if q.ContentLength, err = io.Copy(f, q.Body); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	q.Body, q.TransferEncoding = f, nil
	return err
}

// startSSH starts sshd with keys of its own, and tells git and timemachine of them.
func (s *pushServers) startSSH(b *bench) error {
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		if sshd, err = exec.LookPath("/usr/sbin/sshd"); err != nil {
			fmt.Fprintln(os.Stderr, "sshd is not installed: its rows are missing")
			return nil
		}
	}
	keys := filepath.Join(b.environmentValue("HOME"), ".ssh")
	if err := os.Mkdir(keys, 0o700); err != nil {
		return err
	}
	host, own := filepath.Join(keys, "host"), filepath.Join(keys, "id_ed25519")
	for _, key := range []string{host, own} {
		if out, err := exec.CommandContext(b.ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
			return fmt.Errorf("ssh-keygen: %w\n%s", err, out)
		}
	}
	public, err := os.ReadFile(host + ".pub")
	if err != nil {
		return err
	}
	if s.ssh, err = freePort(b.ctx); err != nil {
		return err
	}
	known := filepath.Join(keys, "known_hosts")
	if err := os.WriteFile(known, fmt.Appendf(nil, "[127.0.0.1]:%d %s", s.ssh, public), 0o600); err != nil {
		return err
	}
	b.environment = append(b.environment, fmt.Sprintf("GIT_SSH_COMMAND=ssh -F /dev/null -i %s -o UserKnownHostsFile=%s -o GlobalKnownHostsFile=/dev/null", own, known))
	if os.Geteuid() == 0 {
		// sshd's own, which its service makes
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return err
		}
	}
	return s.start(b, s.ssh, sshd, "-D", "-e", "-f", "/dev/null", "-p", fmt.Sprint(s.ssh), "-o", "ListenAddress=127.0.0.1", "-h", host,
		"-o", "AuthorizedKeysFile="+own+".pub", "-o", "StrictModes=no", "-o", "UsePAM=no", "-o", "PidFile=none")
}

// start starts a server and waits until it takes connections.
func (s *pushServers) start(b *bench, port int, args ...string) error {
	cmd := exec.CommandContext(b.ctx, args[0], args[1:]...)
	cmd.Env = b.environment
	if err := cmd.Start(); err != nil {
		return err
	}
	s.processes = append(s.processes, cmd)
	for range 100 {
		var d net.Dialer
		c, err := d.DialContext(b.ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return c.Close()
		}
		select {
		case <-b.ctx.Done():
			return b.ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s does not listen", strings.Join(args[:2], " "))
}

// stop ends the servers.
func (s *pushServers) stop() error {
	var err error
	if s.web != nil {
		err = s.web.Close()
	}
	for _, p := range s.processes {
		p.Process.Signal(os.Interrupt)
		p.Wait()
	}
	return err
}

// freePort returns a port that nobody listens on.
func freePort(ctx context.Context) (int, error) {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// environmentValue is a variable of the programs that bench runs.
func (b *bench) environmentValue(name string) string {
	for _, v := range b.environment {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}
