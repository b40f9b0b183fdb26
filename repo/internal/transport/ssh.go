package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"timemachine/repo/internal/transport/fault"
	"timemachine/repo/internal/transport/sshlogin"
)

// openSSH logs in and starts the service there.
func openSSH(ctx context.Context, e *endpoint, service string, o Options) (*stream, error) {
	c := &sshlogin.Config{User: e.user, Host: e.host, Port: e.port, Home: o.Credentials.Home, AgentSocket: o.Credentials.AgentSocket, KnownHosts: o.Credentials.KnownHosts, Quiet: o.quiet()}
	if c.User == "" {
		c.User = o.Credentials.User
	}
	if c.Port == "" {
		c.Port = "22"
	}
	var line *watched
	conn, err := sshlogin.LogIn(ctx, c, func(address string) (net.Conn, error) {
		var err error
		line, err = dial(ctx, ctx, address, o.quiet())
		return line, err
	})
	if err != nil {
		return nil, err
	}
	return startSSH(conn, line, service+" "+quotePath(e.path), o)
}

// startSSH starts a service over a connection. Where that fails, it closes the connection.
func startSSH(conn *sshlogin.Conn, line *watched, command string, o Options) (s *stream, err error) {
	if err = conn.Start(command); err == nil {
		s = &stream{in: conn.In, out: conn.Out, agent: o.agent(), end: conn.Close, said: conn.Said, line: line}
		s.again = func() (*stream, error) {
			line.await(true)
			return startSSH(conn.Again(), line, command, o)
		}
		if err = s.begin(); err != nil {
			conn.Wait(lastWords)
			err = refused(line.cause(err), conn.Said())
		}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// refused is the error of a service that has not begun, in the words of what the host says.
func refused(err error, lines []string) error {
	var e *Error
	if len(lines) == 0 || errors.As(err, &e) && e.Kind != Protocol || errors.Is(err, fault.ErrQuiet) {
		return err
	}
	kind := fault.OfWords(strings.Join(lines, "\n"))
	if kind == Rejected {
		kind = Protocol
		if errors.Is(err, io.ErrUnexpectedEOF) {
			kind = NoRepository
		}
	}
	e = fault.New(kind, "the host does not serve the repository", nil)
	e.Lines = lines
	return e
}

// quotePath quotes a path for the shell of the host, as git does.
func quotePath(path string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(path) + "'"
}
