package remote

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/outgoing"
	"timemachine/repo/internal/transport"
)

// builtinCarrier speaks with the remote without git.
type builtinCarrier struct {
	t       *Target
	url     string
	options transport.Options
	open    *session // advertised, and not used for a push yet
	used    *session // one that a push went over, for a further session; nil: none
}

// session is a connection that lives on between the calls of a carrier.
type session struct {
	*transport.Session
	end context.CancelCauseFunc
}

func newBuiltin(t *Target, s *Surroundings) *builtinCarrier {
	b := &builtinCarrier{t: t, url: cmp.Or(t.folder, t.address.raw)}
	// The context ends an exchange first.
	b.options = transport.Options{Credentials: s.Credentials, Quiet: 2 * t.Timeout, Spool: s.Spool, Agent: s.Agent}
	return b
}

// connect opens a session. The connection must outlive the context of one call.
func (b *builtinCarrier) connect(ctx context.Context) (*session, error) {
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { end(ctx.Err()) })
	defer stop()
	s, err := transport.Open(life, b.url, b.options)
	if err != nil {
		end(nil)
		return nil, b.failure(ctx, err)
	}
	return &session{s, end}, nil
}

// reconnect opens a session over the connection of the last push, or over another one.
func (b *builtinCarrier) reconnect(ctx context.Context) (*session, error) {
	last := b.used
	if b.used = nil; last == nil {
		return b.connect(ctx)
	}
	stop := context.AfterFunc(ctx, func() { last.end(ctx.Err()) })
	defer stop()
	if next, ok := last.Again(); ok {
		return &session{next, last.end}, nil
	}
	last.close()
	return b.connect(ctx)
}

func (s *session) close() {
	s.Close()
	s.end(nil)
}

func (b *builtinCarrier) close() {
	for _, s := range []*session{b.open, b.used} {
		if s != nil {
			s.close()
		}
	}
	b.open, b.used = nil, nil
}

func (b *builtinCarrier) refs(ctx context.Context) (map[string]object.ID, error) {
	if b.open != nil {
		b.open.close()
		b.open = nil
	}
	s, err := b.reconnect(ctx)
	if err != nil {
		return nil, err
	}
	b.open = s
	return s.Refs(), nil
}

func (b *builtinCarrier) send(ctx context.Context, lacking *outgoing.Outgoing, batch outgoing.Batch, old object.ID) (err error) {
	s := b.open
	if b.open = nil; s == nil {
		if s, err = b.reconnect(ctx); err != nil {
			return err
		}
	}
	defer func() {
		if b.used = s; err != nil {
			b.used = nil
			s.close()
		}
	}()
	stop := context.AfterFunc(ctx, func() { s.end(ctx.Err()) })
	defer stop()
	thin, offsets := s.Takes()
	batch.NoThin, batch.NoOffsets = !thin, !offsets
	pack := func(ctx context.Context, w io.Writer) (int64, error) { return lacking.WritePack(ctx, w, batch) }
	return b.failure(ctx, s.Push(ctx, transport.Update{Ref: b.t.Ref, Old: old, New: batch.Tip}, pack))
}

// kinds gives the reasons of kinds that need no closer look.
var kinds = map[transport.Kind]Reason{
	transport.Protocol: Unknown, transport.NoRepository: NoRepository, transport.AuthFailed: NoLogin, transport.Forbidden: NoRight, transport.HostKeyUnknown: HostKeyUnknown,
	transport.HostKeyChanged: HostKeyChanged, transport.Locked: RemoteBusy, transport.ReadOnly: ReadOnly, transport.ForeignOwner: ForeignFolder,
	transport.Unsupported: NeedsGit, transport.OutOfOrder: ServerError,
}

// failure is a *Failure for an error of the remote; other errors stay.
func (b *builtinCarrier) failure(ctx context.Context, err error) error {
	var e *transport.Error
	if err == nil || ctx.Err() != nil || !errors.As(err, &e) {
		return err
	}
	detail := e.Msg
	if e.Err != nil {
		detail += ": " + e.Err.Error()
	}
	reason := kinds[e.Kind]
	switch {
	case durable.IsFull(err):
		reason, detail = RemoteFull, ""
	case e.Kind == transport.Rejected:
		var lines []string
		for _, line := range e.Lines {
			lines = append(lines, "remote: "+line)
		}
		return b.t.classify(append(lines, detail), "[remote rejected] ("+e.Msg+")")
	case e.Kind == transport.Unreachable:
		reason = unreachable(e)
	case e.Kind == transport.HostKeyUnknown, e.Kind == transport.HostKeyChanged:
		if isCertificate(e) {
			reason = BadCertificate
		} else {
			detail = e.Key
		}
	case e.Kind == transport.NoRepository:
		detail = ""
	}
	if reason == NoName || reason == NoListener || reason == NoAnswer {
		detail = ""
	}
	f := b.t.newFailure(reason, detail, e.Lines)
	f.Err = err
	f.Remedy.Path = cmp.Or(f.Remedy.Path, e.File)
	return f
}

// unreachable tells in what way a remote cannot be reached.
func unreachable(e *transport.Error) Reason {
	var dns *net.DNSError
	switch {
	case errors.As(e.Err, &dns):
		return NoName
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return NoListener
	case errors.Is(e.Err, transport.ErrQuiet):
		return NoAnswer
	case errors.Is(e.Err, syscall.EHOSTUNREACH), errors.Is(e.Err, syscall.ENETUNREACH), errors.Is(e.Err, syscall.ETIMEDOUT):
		return NoRoute
	}
	return Broken
}

func isCertificate(e *transport.Error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	return errors.As(e.Err, &verification) || errors.As(e.Err, &authority)
}
