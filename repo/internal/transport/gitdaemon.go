package transport

import (
	"context"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
)

// openDaemon connects to a git daemon (git-daemon(1)).
func openDaemon(ctx context.Context, e *endpoint, service string, o Options) (*stream, error) {
	conn, err := dial(ctx, ctx, e.dial("9418"), o.quiet())
	if err != nil {
		return nil, err
	}
	s := &stream{in: conn, out: conn, agent: o.agent(), end: conn.Close, line: conn}
	err = pktline.NewEncoder(conn).Encodef("%s %s\x00host=%s\x00", service, e.path, e.address())
	if err == nil {
		err = s.begin()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}
