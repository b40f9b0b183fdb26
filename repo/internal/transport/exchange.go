package transport

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/transport/fault"
)

// writeRequest writes what stands before the pack.
func (a *advertisement) writeRequest(w io.Writer, u Update, agent string) error {
	if _, ok := a.can["report-status"]; !ok {
		return fault.New(Unsupported, "the remote does not say whether a push succeeds", nil)
	}
	var can []string
	for _, name := range []string{"report-status", "side-band-64k", "quiet"} {
		if _, ok := a.can[name]; ok {
			can = append(can, name)
		}
	}
	p := pktline.NewEncoder(w)
	err := p.Encodef("%s %s %s\x00 %s", u.Old, u.New, u.Ref, strings.Join(append(can, a.common(agent)...), " "))
	if err == nil {
		err = p.Flush()
	}
	return err
}

// common lists the capabilities that every request names.
func (a *advertisement) common(agent string) (can []string) {
	if _, ok := a.can["object-format"]; ok {
		can = append(can, "object-format=sha1")
	}
	if _, ok := a.can["agent"]; ok {
		can = append(can, "agent="+strings.ReplaceAll(agent, " ", "-"))
	}
	return can
}

// readReport reads the report of the remote on one update.
func (a *advertisement) readReport(r io.Reader, u Update) error {
	said, all := &remarks{}, r
	if _, ok := a.can["side-band-64k"]; ok {
		r = &sideband{p: newPackets(r), said: said}
	}
	err := readStatus(newPackets(r), u.Ref)
	// The remote works on: it removes what it has refused, or runs its hooks. It would be cut short
	// with the connection. What has happened to the branch is known by now.
	_, _ = io.Copy(io.Discard, r)
	_, _ = io.Copy(io.Discard, all)
	var e *Error
	if errors.As(err, &e) {
		e.Lines = append(e.Lines, said.lines()...)
	} else if lines := said.lines(); err != nil && len(lines) > 0 {
		// The remote has ended without a report, but not without a word.
		e = fault.Classify(err)
		e.Lines = lines
		err = e
	}
	return err
}

// readStatus reads the lines of a report (gitprotocol-pack(5)): "unpack ok" or the reason, and "ok
// NAME" or "ng NAME REASON" of each reference.
func readStatus(p packets, name string) error {
	unpacked, moved := "", error(fault.New(Protocol, "the remote does not say whether the branch has moved", nil))
	for {
		line, err := p.next()
		if err != nil {
			return err
		}
		if len(line) == 0 {
			break
		}
		word, rest, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		switch word {
		case "unpack":
			unpacked = rest
		case "ok":
			if rest == name {
				moved = nil
			}
		case "ng":
			if ref, reason, _ := strings.Cut(rest, " "); ref == name {
				moved = fault.New(reported(reason), reason, nil)
			}
		}
	}
	if unpacked != "ok" {
		return fault.New(reported(unpacked), "the remote cannot store the pack: "+unpacked, nil)
	}
	return moved
}

// reported gives the reason in a report its kind.
func reported(reason string) Kind {
	if kind := fault.OfWords(reason); kind == Locked || kind == ReadOnly {
		return kind
	}
	return Rejected
}

// stream is a receive-pack or upload-pack at the other end of a connection.
type stream struct {
	*advertisement
	in    io.Reader
	out   io.Writer
	agent string
	end   func() error    // closes the connection, at its first call
	said  func() []string // what the remote has said beside; nil: nothing
	line  *watched
	// again starts the service once more over the connection; nil: it ends with the first.
	again func() (*stream, error)
}

// begin reads the advertisement.
func (s *stream) begin() (err error) {
	s.in = bufio.NewReaderSize(s.in, 64<<10)
	s.advertisement, err = readAdvertisement(newPackets(s.in))
	s.line.await(false)
	return err
}

func (a *advertisement) takes() (thin, offsets bool) {
	_, noThin := a.can["no-thin"]
	_, offsets = a.can["ofs-delta"]
	return !noThin, offsets
}

func (a *advertisement) objects() []object.ID { return a.more }

func (a *advertisement) advertised() map[string]object.ID { return a.refs }

func (s *stream) close() error { return s.end() }

// lastWords is how long the report is waited for where the remote no longer takes the pack.
const lastWords = 5 * time.Second

func (s *stream) push(ctx context.Context, u Update, pack Pack) error {
	stop := context.AfterFunc(ctx, func() { s.end() })
	defer stop()
	err := s.line.cause(s.exchange(ctx, u, pack))
	var e *Error
	if errors.As(err, &e) && s.said != nil {
		e.Lines = append(e.Lines, s.said()...)
	}
	return err
}

// exchange sends the request and the pack, and reads the report meanwhile: the remote may end
// early.
func (s *stream) exchange(ctx context.Context, u Update, pack Pack) (err error) {
	report := make(chan error, 1)
	defer func() {
		if err != nil || s.again == nil {
			s.again = nil
			s.end()
		}
		<-report
		s.line.await(false)
	}()
	go func() {
		report <- s.readReport(s.in, u)
		close(report)
	}()
	var head bytes.Buffer
	err = s.writeRequest(&head, u, s.agent)
	out := patient{s}
	if err == nil {
		_, err = out.Write(head.Bytes())
	}
	to := &sink{w: out}
	if err == nil {
		_, err = pack(ctx, to)
		if err != nil && to.err == nil {
			return err
		}
	}
	s.line.await(true)
	if err == nil {
		return <-report
	}
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	select {
	case said := <-report:
		var e *Error
		if errors.As(said, &e) {
			return said
		}
	case <-time.After(lastWords):
	case <-ctx.Done():
	}
	return err
}

// patient writes to the remote. Between two writes this side may work for as long as it needs.
type patient struct{ s *stream }

func (p patient) Write(b []byte) (int, error) {
	p.s.line.await(true)
	defer p.s.line.await(false)
	return p.s.out.Write(b)
}

// wantAll writes a request for everything that some commits lead to.
func (a *advertisement) wantAll(w io.Writer, want []object.ID, agent string) error {
	can := a.common(agent)
	for _, name := range []string{"side-band-64k", "ofs-delta", "no-progress"} {
		if _, ok := a.can[name]; ok {
			can = append(can, name)
		}
	}
	p := pktline.NewEncoder(w)
	for i, id := range want {
		line := "want " + id.String()
		if i == 0 {
			line += " " + strings.Join(can, " ")
		}
		if err := p.EncodeString(line + "\n"); err != nil {
			return err
		}
	}
	if err := p.Flush(); err != nil {
		return err
	}
	return p.EncodeString("done\n")
}

// fetch reads a pack with all that some commits lead to.
func (s *stream) fetch(ctx context.Context, want []object.ID, to io.Writer) error {
	stop := context.AfterFunc(ctx, func() { s.end() })
	defer stop()
	var request bytes.Buffer
	if err := s.wantAll(&request, want, s.agent); err != nil {
		return err
	}
	s.line.await(true)
	if _, err := s.out.Write(request.Bytes()); err != nil {
		return err
	}
	return s.line.cause(s.readPack(s.in, to))
}

// readPack reads the answer to wantAll.
func (a *advertisement) readPack(r io.Reader, to io.Writer) error {
	p := newPackets(r)
	line, err := p.next()
	if err != nil {
		return err
	}
	if string(line) != "NAK\n" {
		return fault.New(Protocol, fmt.Sprintf("the remote answers %q", line), nil)
	}
	said := &remarks{}
	if _, ok := a.can["side-band-64k"]; ok {
		r = &sideband{p: p, said: said}
	}
	_, err = io.Copy(to, r)
	var e *Error
	if errors.As(err, &e) {
		e.Lines = append(e.Lines, said.lines()...)
	}
	return err
}
