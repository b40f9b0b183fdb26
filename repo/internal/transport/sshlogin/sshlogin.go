// Package sshlogin logs in to ssh hosts and starts a program there: it compares the host's key with
// files of known hosts, and logs in with the keys of an agent and of the user. It asks nobody.
package sshlogin

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"timemachine/repo/internal/transport/fault"
)

// Config says where to log in, and what with.
type Config struct {
	User, Host, Port string
	Home             string   // with .ssh; "": none
	AgentSocket      string   // "": no agent
	KnownHosts       []string // files of known hosts beside those in Home
	Quiet            time.Duration
}

// maxSaid is how many bytes of the standard error are kept.
const maxSaid = 32 << 10

// said keeps the beginning of a program's standard error.
type said struct {
	mu   sync.Mutex
	text []byte
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = append(s.text, p[:min(len(p), maxSaid-len(s.text))]...)
	return len(p), nil
}

// Conn is a connection over which one program runs.
type Conn struct {
	In  io.Reader // its standard output
	Out io.Writer // its standard input

	conn   net.Conn
	client *ssh.Client
	once   sync.Once
	said   said
	ended  chan struct{}
}

// LogIn connects by dial, compares the host's key with the known ones, and logs in by a key.
func LogIn(ctx context.Context, c *Config, dial func(address string) (net.Conn, error)) (*Conn, error) {
	host, err := newHostKeys(c)
	if err != nil {
		return nil, err
	}
	keys := &loginKeys{c: c}
	defer keys.close()
	address := net.JoinHostPort(c.Host, c.Port)
	conn, err := dial(address)
	if err != nil {
		return nil, c.explain(err)
	}
	asked := false
	config := &ssh.ClientConfig{
		User:              c.User,
		HostKeyCallback:   host.check,
		HostKeyAlgorithms: host.algorithms(),
		Auth: []ssh.AuthMethod{ssh.PublicKeysCallback(func() ([]ssh.Signer, error) {
			asked = true
			return keys.signers(ctx), nil
		})},
	}
	inner, channels, requests, err := ssh.NewClientConn(conn, address, config)
	if err == nil {
		return &Conn{conn: conn, client: ssh.NewClient(inner, channels, requests)}, nil
	}
	conn.Close()
	var mismatch *ssh.AlgorithmNegotiationError
	switch {
	case host.err != nil:
		return nil, host.err
	case errors.As(err, &mismatch) && len(host.known) > 0 && strings.Contains(err.Error(), "host key"):
		e := host.changed("the host has no key of a kind that is known of it", host.known[0].key)
		e.Key = ""
		return nil, e
	case strings.Contains(err.Error(), "unable to authenticate"):
		if !asked {
			return nil, fault.New(fault.AuthFailed, "the host does not take keys", err)
		}
		return nil, c.explain(keys.failed())
	}
	return nil, err
}

// Again is a further program's side of the same connection, which Close ends for both.
func (c *Conn) Again() *Conn { return &Conn{conn: c.conn, client: c.client} }

// newSession waits no longer than the connection lasts: over one that has just ended, package ssh
// waits for ever.
func (c *Conn) newSession() (*ssh.Session, error) {
	type result struct {
		session *ssh.Session
		err     error
	}
	opened, ended := make(chan result, 1), make(chan struct{})
	go func() {
		session, err := c.client.NewSession()
		opened <- result{session, err}
	}()
	go func() {
		_ = c.client.Wait() // why it has ended is told by who reads
		close(ended)
	}()
	select {
	case r := <-opened:
		return r.session, r.err
	case <-ended:
		return nil, io.ErrUnexpectedEOF
	}
}

// Start runs a command by the host's shell.
func (c *Conn) Start(command string) error {
	session, err := c.newSession()
	if err != nil {
		return err
	}
	if c.In, err = session.StdoutPipe(); err != nil {
		return err
	}
	if c.Out, err = session.StdinPipe(); err != nil {
		return err
	}
	session.Stderr = &c.said
	if err := session.Start(command); err != nil {
		return err
	}
	c.ended = make(chan struct{})
	go func() {
		_ = session.Wait() // it tells that all of stderr has come
		close(c.ended)
	}()
	return nil
}

// Wait waits until the program has ended, or for so long.
func (c *Conn) Wait(most time.Duration) {
	select {
	case <-c.ended:
	case <-time.After(most):
	}
}

// Said is what the program has written to its standard error, line by line, raw.
func (c *Conn) Said() (lines []string) {
	c.said.mu.Lock()
	defer c.said.mu.Unlock()
	for line := range strings.Lines(string(c.said.text)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Close ends the connection.
func (c *Conn) Close() error {
	var err error
	c.once.Do(func() {
		err = c.client.Close()
		if errors.Is(err, net.ErrClosed) {
			err = nil
		}
		c.conn.Close()
	})
	return err
}
