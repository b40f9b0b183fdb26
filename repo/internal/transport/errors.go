package transport

import (
	"context"
	"errors"

	"timemachine/repo/internal/transport/fault"
)

// Kind says in what way an exchange failed.
type Kind = fault.Kind

// The kinds; package fault tells what each means.
const (
	Protocol       = fault.Protocol
	Unreachable    = fault.Unreachable
	NoRepository   = fault.NoRepository
	AuthFailed     = fault.AuthFailed
	Forbidden      = fault.Forbidden
	HostKeyUnknown = fault.HostKeyUnknown
	HostKeyChanged = fault.HostKeyChanged
	Rejected       = fault.Rejected
	Locked         = fault.Locked
	ReadOnly       = fault.ReadOnly
	ForeignOwner   = fault.ForeignOwner
	Unsupported    = fault.Unsupported
	OutOfOrder     = fault.OutOfOrder
)

// Error says why an exchange failed.
type Error = fault.Error

// ErrQuiet is the cause of an Error that ends an exchange in which nothing came.
var ErrQuiet = fault.ErrQuiet

// fail completes an error with the remote's address. An error without a kind is that of a
// connection. Where ctx has ended, the error is ctx's.
func (e *endpoint) fail(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var known *Error
	if !errors.As(err, &known) {
		known = fault.Classify(err)
	}
	known.URL, known.Host = e.String(), e.address()
	return known
}
