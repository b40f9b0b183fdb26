package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"

	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/internal/transport/fault"
)

// packets reads git's packets (gitprotocol-common(5)): four hexadecimal digits with the length, and
// the bytes.
type packets struct {
	s *pktline.Scanner
	r *ending
}

func newPackets(r io.Reader) packets {
	e := &ending{r: r}
	return packets{pktline.NewScanner(e), e}
}

// ending notes that a reader has come to its end.
type ending struct {
	r   io.Reader
	err error
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil {
		e.err = err
	}
	return n, err
}

// next is the bytes of the next packet, valid until the next call; empty for a flush packet.
func (p packets) next() ([]byte, error) {
	if p.s.Scan() {
		return p.s.Bytes(), nil
	}
	err := p.s.Err()
	var said *pktline.ErrorLine
	switch {
	case errors.As(err, &said):
		kind := fault.OfWords(said.Text)
		if kind == Rejected {
			kind = Protocol
		}
		return nil, fault.New(kind, "the remote says: "+said.Text, nil)
	case p.r.err == io.EOF:
		return nil, io.ErrUnexpectedEOF
	case p.r.err != nil:
		return nil, p.r.err
	case errors.Is(err, pktline.ErrInvalidPktLen):
		return nil, fault.New(Protocol, "the remote does not answer in git's protocol", nil)
	}
	return nil, err
}

// advertisement is what a remote says at first.
type advertisement struct {
	refs map[string]object.ID // HEAD included
	more []object.ID          // of its alternates
	can  map[string]string    // capabilities
}

// The most that a remote may advertise: references, and bytes in all.
const (
	maxRefs          = 1 << 20
	maxAdvertisement = 64 << 20
)

// readAdvertisement reads up to the flush packet.
func readAdvertisement(p packets) (*advertisement, error) {
	a := &advertisement{refs: map[string]object.ID{}, can: map[string]string{}}
	for n, size := 0, 0; ; n++ {
		line, err := p.next()
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			return a, nil
		}
		if size += len(line); n > maxRefs || size > maxAdvertisement {
			return nil, fault.New(Protocol, "the remote has too many references", nil)
		}
		if err := a.add(bytes.TrimSuffix(line, []byte("\n")), n == 0); err != nil {
			return nil, err
		}
	}
}

// add reads a line: an ID, a space and a name; the first one has the capabilities behind a NUL.
func (a *advertisement) add(line []byte, first bool) error {
	if bytes.HasPrefix(line, []byte("version ")) || bytes.HasPrefix(line, []byte("shallow ")) {
		return nil
	}
	line, capabilities, ok := bytes.Cut(line, []byte{0})
	if ok {
		for c := range strings.FieldsSeq(string(capabilities)) {
			key, value, _ := strings.Cut(c, "=")
			a.can[key] = value
		}
	}
	if format, ok := a.can["object-format"]; ok && format != "sha1" {
		return fault.New(Unsupported, fmt.Sprintf("its objects are named by %q, not by SHA-1", format), nil)
	}
	hex, name, _ := strings.Cut(string(line), " ")
	id, err := object.ParseID(hex)
	switch {
	case err != nil:
		return fault.New(Protocol, "the remote does not answer in git's protocol", nil)
	case name == ".have":
		a.more = append(a.more, id)
	case name == "capabilities^{}", strings.HasSuffix(name, "^{}"), id.IsZero(), ref.CheckName(name) != nil:
	default:
		a.refs[name] = id
	}
	return nil
}

// sideband reads the packets of an answer: the first channel is the answer itself, the second what
// the remote says to the user, the third its last words.
type sideband struct {
	p    packets
	rest []byte
	said *remarks
	end  error
}

func (s *sideband) Read(b []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.end != nil {
			return 0, s.end
		}
		line, err := s.p.next()
		switch {
		case err != nil:
			s.end = err
		case len(line) == 0:
			s.end = io.EOF
		case line[0] == 1:
			s.rest = line[1:]
		case line[0] == 2:
			s.said.Write(line[1:])
		case line[0] == 3:
			s.said.Write(line[1:])
			s.end = fault.New(fault.OfWords(string(line[1:])), "the remote has given up", nil)
		default:
			s.end = fault.New(Protocol, "the remote does not answer in git's protocol", nil)
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// maxRemarks is how many bytes of a remote's remarks are kept.
const maxRemarks = 32 << 10

// remarks is what a remote has said to the user. Beyond maxRemarks the first and the last are kept.
type remarks struct{ head, tail []byte }

func (r *remarks) Write(p []byte) (int, error) {
	n := len(p)
	room := min(n, maxRemarks-len(r.head))
	r.head, p = append(r.head, p[:room]...), p[room:]
	if r.tail = append(r.tail, p...); len(r.tail) > 2*maxRemarks {
		r.tail = append([]byte(nil), r.tail[len(r.tail)-maxRemarks:]...)
	}
	return n, nil
}

// lines are the remarks line by line, raw. Of a line that was written over, as progress is, the
// last state counts.
func (r *remarks) lines() []string {
	var lines []string
	for line := range strings.Lines(string(r.head) + string(r.tail)) {
		line = strings.TrimRight(line, "\r\n")
		if i := strings.LastIndexByte(line, '\r'); i >= 0 {
			line = line[i+1:]
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
