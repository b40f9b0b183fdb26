package transport

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"timemachine/repo/internal/transport/fault"
)

// watched is a connection that ends with a context, and when no byte has passed for some time while
// the remote is waited for.
type watched struct {
	net.Conn
	quiet   time.Duration
	last    atomic.Int64 // when bytes passed, in nanoseconds since 1970
	silent  atomic.Bool  // it was closed for that
	resting atomic.Bool  // nothing is waited for
	timer   *time.Timer
	stop    func() bool
	closed  sync.Once
}

// dial connects to a TCP address. The connection ends with the context life.
func dial(ctx, life context.Context, address string, quiet time.Duration) (*watched, error) {
	conn, err := (&net.Dialer{Timeout: quiet}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	w := &watched{Conn: conn, quiet: quiet}
	w.pass()
	w.stop = context.AfterFunc(life, func() { conn.Close() })
	w.timer = time.AfterFunc(quiet, w.look)
	return w, nil
}

func (w *watched) pass() { w.last.Store(time.Now().UnixNano()) }

// await says whether the remote is waited for from now on, as it is at first.
func (w *watched) await(on bool) {
	w.pass()
	w.resting.Store(!on)
}

// look closes the connection where it was quiet for too long.
func (w *watched) look() {
	if w.resting.Load() {
		w.timer.Reset(w.quiet)
		return
	}
	if rest := w.quiet - time.Since(time.Unix(0, w.last.Load())); rest > 0 {
		w.timer.Reset(rest)
		return
	}
	w.silent.Store(true)
	w.Conn.Close()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if n > 0 {
		w.pass()
	}
	return n, w.cause(err)
}

// pieceLen is how many bytes are written at a time, so that a slow line is seen to move.
const pieceLen = 16 << 10

func (w *watched) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		var m int
		m, err = w.Conn.Write(p[:min(len(p), pieceLen)])
		n, p = n+m, p[m:]
		w.pass()
	}
	return n, w.cause(err)
}

func (w *watched) cause(err error) error {
	if err != nil && w.silent.Load() {
		return fault.ErrQuiet
	}
	return err
}

// Close ends the watch too.
func (w *watched) Close() (err error) {
	w.closed.Do(func() {
		w.stop()
		w.timer.Stop()
		err = w.Conn.Close()
	})
	return err
}
