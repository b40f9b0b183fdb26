package transport

import (
	"context"
	"io"
	"os"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/transport/localgit"
)

// Options are what an exchange needs of its surroundings. The zero value serves remotes that ask
// for no credentials.
type Options struct {
	Credentials Credentials

	// Quiet ends an exchange in which neither side has sent a byte for so long; 0 is a minute. The
	// context bounds the whole.
	Quiet time.Duration

	// Spool makes a file for a pack that must be counted before it is sent, over http. The file is
	// closed after use. nil: the pack is made twice.
	Spool func() (*os.File, error)

	// Agent is this program's name and version, as servers log it.
	Agent string
}

// Credentials is where an exchange finds out who the user is. Nothing is read from elsewhere.
type Credentials struct {
	User string // on this machine: the name that ssh begins with where the URL has none
	Home string // with .ssh and .netrc; "": none

	// AgentSocket is the socket of the ssh agent; "": none.
	AgentSocket string

	// Lookup is the environment: the proxies, and TIMEMACHINE_PUSH_USER and
	// TIMEMACHINE_PUSH_PASSWORD, which go to http(s) remotes that ask for a password. nil: empty.
	Lookup func(string) (string, bool)

	// KnownHosts are the files of known ssh hosts beside those in Home.
	KnownHosts []string
}

func (c *Credentials) lookup(names ...string) string {
	for _, name := range names {
		if c.Lookup == nil {
			break
		}
		if value, ok := c.Lookup(name); ok && value != "" {
			return value
		}
	}
	return ""
}

func (o Options) quiet() time.Duration {
	if o.Quiet > 0 {
		return o.Quiet
	}
	return time.Minute
}

func (o Options) agent() string {
	if o.Agent != "" {
		return o.Agent
	}
	return "timemachine"
}

// Update moves one reference.
type Update struct {
	Ref      string    // full name: refs/heads/main
	Old, New object.ID // Old is zero where the remote lacks the reference
}

// Pack writes the objects that an Update needs as a pack, and returns its length. It may be called
// twice, and then writes the same bytes.
type Pack func(ctx context.Context, w io.Writer) (int64, error)

// Session is a connection to the receive-pack of a remote, for one Push.
type Session struct {
	remote receiver
	refs   map[string]object.ID
}

// receiver is a remote's receive-pack.
type receiver interface {
	// push returns an *Error where the remote refuses.
	push(ctx context.Context, u Update, pack Pack) error
	// takes tells which deltas a pack may hold.
	takes() (thin, offsets bool)
	// objects are further commits that the remote has.
	objects() []object.ID
	close() error
}

// Open connects to a remote and reads what it advertises. url is as git has it: a path, file://,
// ssh://, user@host:path, git:// or http(s)://. Close the Session. The error is an *Error or ctx's.
func Open(ctx context.Context, url string, o Options) (*Session, error) {
	e, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if e.scheme == schemeFile {
		f, err := localgit.OpenToWrite(e.path)
		if err != nil {
			return nil, e.fail(ctx, err)
		}
		refs, err := f.Refs()
		if err != nil {
			f.Close()
			return nil, e.fail(ctx, err)
		}
		return &Session{located{folder{f}, e}, refs}, nil
	}
	r, err := e.connect(ctx, "git-receive-pack", o)
	if err != nil {
		return nil, e.fail(ctx, err)
	}
	return &Session{located{r, e}, r.advertised()}, nil
}

// folder is a repository in a folder of this machine.
type folder struct{ *localgit.Repository }

func (f folder) push(ctx context.Context, u Update, pack Pack) error {
	return f.Receive(ctx, localgit.Update(u), pack)
}

func (folder) takes() (thin, offsets bool) { return true, true }

func (folder) objects() []object.ID { return nil }

func (f folder) close() error { return f.Close() }

// service is a receive-pack or upload-pack that is spoken to.
type service interface {
	receiver
	advertised() map[string]object.ID
	fetch(ctx context.Context, want []object.ID, to io.Writer) error
}

// connect reads the advertisement of a service of another machine.
func (e *endpoint) connect(ctx context.Context, name string, o Options) (service, error) {
	switch e.scheme {
	case schemeSSH:
		return asService(openSSH(ctx, e, name, o))
	case schemeGit:
		return asService(openDaemon(ctx, e, name, o))
	}
	return asService(openWeb(ctx, e, name, o))
}

// asService keeps a nil pointer from becoming a service.
func asService[T service](s T, err error) (service, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Refs is what the references of a remote point at, by full name, and HEAD where it leads to a
// commit. It asks for reading, and needs no right to write. The error is as for Open.
func Refs(ctx context.Context, url string, o Options) (map[string]object.ID, error) {
	e, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if e.scheme == schemeFile {
		f, err := localgit.Open(e.path)
		if err != nil {
			return nil, e.fail(ctx, err)
		}
		defer f.Close()
		refs, err := f.Readable()
		return refs, e.fail(ctx, err)
	}
	s, err := e.connect(ctx, "git-upload-pack", o)
	if err != nil {
		return nil, e.fail(ctx, err)
	}
	defer s.close()
	return s.advertised(), nil
}

// Fetch writes to to a pack of all that some commits of the remote lead to, without thin deltas.
// The error is as for Open.
func Fetch(ctx context.Context, url string, o Options, want []object.ID, to io.Writer) error {
	e, err := parseURL(url)
	if err != nil {
		return err
	}
	if e.scheme == schemeFile {
		f, err := localgit.Open(e.path)
		if err != nil {
			return e.fail(ctx, err)
		}
		defer f.Close()
		return e.fail(ctx, f.Fetch(ctx, want, to))
	}
	s, err := e.connect(ctx, "git-upload-pack", o)
	if err != nil {
		return e.fail(ctx, err)
	}
	defer s.close()
	return e.fail(ctx, s.fetch(ctx, want, to))
}

// Refs is what the remote's references point at, by full name.
func (s *Session) Refs() map[string]object.ID { return s.refs }

// Objects are further commits that the remote has, through its alternates.
func (s *Session) Objects() []object.ID { return s.remote.objects() }

// Takes tells which deltas a pack for this remote may hold: thin, on objects that the remote has;
// offsets, on an earlier entry by its distance.
func (s *Session) Takes() (thin, offsets bool) { return s.remote.takes() }

// Push sends a pack and moves a reference. A nil pack stands for no objects. Nothing else can be
// pushed over this Session. The error is an *Error, ctx's, or that of pack.
func (s *Session) Push(ctx context.Context, u Update, pack Pack) error {
	if pack == nil {
		pack = emptyPack
	}
	return s.remote.push(ctx, u, pack)
}

// Again opens a further Session over the connection of one whose Push has succeeded. ok is false
// where that cannot be: the caller opens another connection. Both Sessions are closed with one.
func (s *Session) Again() (next *Session, ok bool) {
	at, ok := s.remote.(located)
	if !ok {
		return nil, false
	}
	r, ok := at.receiver.(*stream)
	if !ok || r.again == nil {
		return nil, false
	}
	r, err := r.again()
	if err != nil {
		return nil, false
	}
	return &Session{located{r, at.at}, r.advertised()}, true
}

// Close ends the connection.
func (s *Session) Close() error { return s.remote.close() }

// located adds the remote's address to errors.
type located struct {
	receiver
	at *endpoint
}

func (l located) push(ctx context.Context, u Update, pack Pack) error {
	own := error(nil)
	err := l.receiver.push(ctx, u, func(ctx context.Context, w io.Writer) (int64, error) {
		to := &sink{w: w}
		n, err := pack(ctx, to)
		if err != nil && to.err == nil {
			own = err
		}
		return n, err
	})
	if own != nil {
		return own
	}
	return l.at.fail(ctx, err)
}

// sink tells an error of the writer from one of the pack.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

// emptyPack is a pack without objects.
func emptyPack(_ context.Context, w io.Writer) (int64, error) {
	n, err := io.WriteString(w, "PACK\x00\x00\x00\x02\x00\x00\x00\x00\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e\xd3\x1e")
	return int64(n), err
}
