// Package fault holds the error of an exchange with a remote.
package fault

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// Kind says in what way an exchange failed.
type Kind int

// The kinds.
const (
	Protocol       Kind = iota // the remote did not keep to git's protocol
	Unreachable                // name, refused, reset, silent, a fault of the server
	NoRepository               // the remote has no such repository, or says so
	AuthFailed                 // no credentials, or wrong ones
	Forbidden                  // the credentials may lack the right, or are not valid
	HostKeyUnknown             // no file of known hosts has the ssh host
	HostKeyChanged             // the ssh host has another key than the known one
	Rejected                   // the remote has refused the update
	Locked                     // another program holds a lock at the remote
	ReadOnly                   // the remote cannot be written to
	ForeignOwner               // a folder of this machine that another user owns
	Unsupported                // the remote needs what this package does not do
	OutOfOrder                 // the server cannot work now, or asks to wait
)

// Error says why an exchange failed.
type Error struct {
	Kind  Kind
	Msg   string   // one line; it may quote the remote, whose bytes are raw
	Lines []string // what the remote has said beside, raw
	Host  string   // of the remote, as the URL has it, with its port; "" for a folder
	URL   string   // without the password
	Key   string   // the ssh host's key: type and fingerprint; "" where it is no matter
	File  string   // the file of known hosts, or of the private key that cannot be used
	Err   error
}

func (e *Error) Error() string {
	msg := e.Msg
	if e.URL != "" {
		msg = e.URL + ": " + msg
	}
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	return msg
}

func (e *Error) Unwrap() error { return e.Err }

// New makes an Error.
func New(kind Kind, msg string, err error) *Error { return &Error{Kind: kind, Msg: msg, Err: err} }

// ErrQuiet ends a connection over which nothing comes.
var ErrQuiet = errors.New("no answer in time")

// Classify gives an error of the system its kind.
func Classify(err error) *Error {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var pathErr *fs.PathError
	var locked *durable.LockedError
	switch {
	case errors.Is(err, ErrQuiet), errors.Is(err, os.ErrDeadlineExceeded):
		return New(Unreachable, "the remote is silent", ErrQuiet)
	case errors.As(err, &dns):
		return New(Unreachable, "the host's name is not found", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return New(Unreachable, "the host refuses the connection", err)
	case errors.As(err, &cert), errors.As(err, &authority):
		return New(HostKeyUnknown, "the host's certificate is not trusted", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return New(Unreachable, "the remote has closed the connection", nil)
	case errors.As(err, &locked):
		return New(Locked, "a lock is held there", err)
	case errors.Is(err, object.ErrDamaged):
		return New(Protocol, "the objects do not fit together", err)
	case durable.IsFull(err):
		return New(Rejected, "the disk is full", err)
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission) && errors.As(err, &pathErr):
		return New(ReadOnly, "the repository cannot be written to", err)
	}
	return New(Unreachable, "the exchange failed", err)
}

// OfWords gives a remote's own words their kind: of its report, or of what a program there has
// written before it ended. Words that it does not know are Rejected.
func OfWords(text string) Kind {
	text = strings.ToLower(text)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("read-only file system"):
		return ReadOnly
	case has("cannot lock ref", "unable to lock", "failed to lock", ".lock': file exists"):
		return Locked
	case has("not appear to be a git repository", "repository not found", "not exported", "no such file or directory", "does not exist", "not a git repository", "project you were looking for could not be found"):
		return NoRepository
	case has("authentication failed"):
		return AuthFailed
	case has("permission denied", "access denied", "insufficient permission", "not authorized", "unauthorized", "forbidden"):
		return Forbidden
	}
	return Rejected
}
