package pack

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// loose is an open loose object, its header read.
type loose struct {
	file *os.File
	z    io.ReadCloser
	kind object.Kind
	size int64
}

func (s *Store) loosePath(id object.ID) string {
	name := id.String()
	return filepath.Join(s.dir, name[:2], name[2:])
}

// openLoose returns an error that is fs.ErrNotExist when there is no such file.
func openLoose(name string) (*loose, error) {
	f, _, err := durable.OpenRegular(name)
	if err != nil {
		return nil, err
	}
	l := &loose{file: f}
	if err := l.start(); err != nil {
		l.Close()
		return nil, fmt.Errorf("loose object %q: %w: %w", name, ErrDamaged, err)
	}
	return l, nil
}

// start reads "kind SP size NUL". It takes no byte of the content.
func (l *loose) start() error {
	z, err := newInflater(bufio.NewReader(l.file))
	if err != nil {
		return errInflate
	}
	l.z = z
	var header []byte
	for one := []byte{0}; len(header) < 32; {
		if _, err := io.ReadFull(l.z, one); err != nil {
			return errInflate
		}
		if one[0] == 0 {
			break
		}
		header = append(header, one[0])
	}
	word, size, _ := strings.Cut(string(header), " ")
	for k := object.Commit; k <= object.Tag; k++ {
		if word == k.String() {
			l.kind = k
		}
	}
	l.size, err = strconv.ParseInt(size, 10, 64)
	if err != nil || l.size < 0 || l.kind == 0 {
		return errors.New("loose header malformed")
	}
	return nil
}

// body reads the content to its end.
func (l *loose) body(max int64) ([]byte, error) {
	if l.size > max {
		return nil, fmt.Errorf("loose object %q: %w", l.file.Name(), ErrTooBig)
	}
	st, err := l.file.Stat()
	if err != nil {
		return nil, err
	}
	if l.size/maxRatio > st.Size() {
		return nil, l.damaged()
	}
	body := make([]byte, l.size)
	if _, err := io.ReadFull(l.z, body); err != nil {
		return nil, l.damaged()
	}
	if atEnd(l.z) != nil {
		return nil, l.damaged()
	}
	return body, nil
}

func (l *loose) damaged() error {
	return fmt.Errorf("loose object %q: %w: %w", l.file.Name(), ErrDamaged, errInflate)
}

// Close gives the zlib reader back and closes the file.
func (l *loose) Close() error {
	giveBack(l.z)
	l.z = nil
	return l.file.Close()
}
